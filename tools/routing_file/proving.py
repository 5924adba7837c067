"""The proof of a routing file, told to a person: what is wrong, where it stands, a lead that shows it, what to do.

An error is a lead that comes to nobody. A finding is a line that does nothing. A note is worth knowing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from graph.domain.routing import RoutingFacts
from graph.domain.table import RoutingTable
from graph.rules.proof import Dead, Falls, Gap, Partly, Proof, Unreached, Witness
from graph.rules.proof.shares import Losses
from tools.routing_file.findings import Finding, counted
from tools.routing_file.outline import Outline, Step, inner
from tools.routing_file.weekdays import in_local_time, in_words

# From this share of its recent leads on, what a rule loses is a finding; below, overlap is what an order of rules is for.
MOST: Final = 0.5
_SHOWN: Final = 3


class Teller:
    """now: when the file was looked at."""

    def __init__(self, table: RoutingTable, outline: Outline, now: datetime) -> None:
        self._table, self._outline, self._now = table, outline, now
        self._zone = ZoneInfo(table.timezone)
        self._ways: dict[str, tuple[Step, ...]] = {"DEFAULT": ("DEFAULT",)}
        self._ways |= {f"map.{entry.key}": (entry.key,) for entry in table.map}
        self._ways |= {f"rules.{rule.id}": ("rules", at) for at, rule in enumerate(table.rules)}
        rules = {f"rules.{rule.id}": rule for rule in table.rules}
        accounts = {f"accounts.{account.domain}": account for account in table.accounts}
        self._windows = {name: rule.window for name, rule in rules.items()}
        self._windows |= {name: account.window for name, account in accounts.items()}
        self._targets = {name: rule.to for name, rule in rules.items()}
        self._targets |= {name: account.owner for name, account in accounts.items()}
        self._targets |= {f"map.{entry.key}": entry.to for entry in table.map}
        written = [key for key, _ in inner(outline.at("accounts"))] if table.accounts else []
        self._ways |= {name: ("accounts", key) for name, key in zip(accounts, written, strict=True)}

    def errors(self, proof: Proof) -> list[Finding]:
        return [self._gap(gap) for gap in proof.gaps]

    def findings(self, proof: Proof) -> list[Finding]:
        dead = [self._outline.finding(self._dead(item), *self._ways[item.name]) for item in proof.dead]
        return [*dead, *(self._unreached(item) for item in proof.unreached)]

    def overlaps(self, proof: Proof) -> list[Finding]:
        """Partly dead rules, where no leads say how much that matters."""
        return [self._outline.finding(self._partly(item), *self._ways[item.name]) for item in proof.partly]

    def losses(self, proof: Proof, losses: Mapping[str, Losses]) -> tuple[list[Finding], list[Finding]]:
        """The same where leads say it: those that lose most of theirs, and the others that lose any."""
        most: list[Finding] = []
        some: list[Finding] = []
        for item in proof.partly:
            lost = losses[item.name.removeprefix("rules.")]
            if lost.to:
                text = f"{_loses(lost)}; a lead like {self.lead(item.witness)} goes to {item.by}"
                (most if lost.share >= MOST else some).append(self._outline.finding(text, *self._ways[item.name]))
        return most, some

    def falls(self, falls: Iterable[Falls]) -> list[Finding]:
        found = {item.country: item for item in falls}
        said = []
        if None in found:
            said.append(f"from no known country ({self.lead(found.pop(None).witness)})")
        other = found.pop("*", None)
        if found:
            first, *more = found
            rest = f" and {counted(len(more), 'more country', 'more countries')} of the file" if more else ""
            said.append(f"some from {first}{rest} ({self.lead(found[first].witness)})")
        if other is not None:
            said.append(f"from countries that no line asks for ({self.lead(other.witness)})")
        return [self._outline.finding(f"leads that fall through to it: {'; '.join(said)}", "DEFAULT")] if said else []

    def lead(self, witness: Witness) -> str:
        """As a person would write it in a test: `{"country": "US"}`, with ` at 2026-06-01T00:00-04:00` where it matters."""
        lead = json.dumps(lead_of(witness.facts), ensure_ascii=False)
        return lead if witness.at is None else f"{lead} at {witness.at.astimezone(self._zone).isoformat()}"

    def _dead(self, item: Dead) -> str:
        example = f", e.g. {self.lead(item.witness)}" if item.witness is not None else ""
        match item.why:
            case "contradiction":
                reason = {0: "its conditions exclude each other", 1: f'no lead can meet its "{"".join(item.by)}"'}
                both = " and ".join(f'"{key}"' for key in item.by)
                return f"no lead can match it: {reason.get(len(item.by), f'{both} exclude each other')}"
            case "ended":
                return f"it is over since {self._until(item.name)}; remove it, or give it new dates"
            case "gone":
                return f"{self._absent(item.name)}, so that it gives no lead away{example}"
            case "covered":
                taken = f"{example} goes to {item.to}" if example else ""
                way_out = "remove it" if item.name.startswith("map.") else "move it up or remove it"
                return (
                    f"no lead is left to it: {_listed(item.by)} {_take(item.by)} all of them before{taken}; {way_out}"
                )

    def _until(self, name: str) -> str:
        window = self._windows[name]
        return "long ago" if window is None else str(window.until_day)

    def _absent(self, name: str) -> str:
        to = self._targets[name]
        if to.pool is not None:
            return f"nobody in the pool {to.pool} may take a lead in its time"
        person = self._table.people_by_email[to.email or ""]
        return f"{person.id} is {'on leave without cover all its time' if person.active else 'not active'}"

    def _partly(self, item: Partly) -> str:
        takers = f"{item.by} and {counted(item.more, 'other')} take" if item.more else f"{item.by} takes"
        return f"{takers} some of its leads first, e.g. {self.lead(item.witness)}"

    def _gap(self, gap: Gap) -> Finding:
        first = in_local_time(gap.spans[0], self._zone)
        example = f", e.g. {self.lead(gap.witness)}" if gap.witness else ""
        if gap.what == "pool":
            when = in_words(gap.spans, self._zone, self._now)
            text = f'nobody works in the pool {when}: first {first}{example}; add "if_none"'
            return self._outline.finding(text, "pools", gap.name)
        who = f"{gap.person} is {self._state(gap.person or '', first)}"
        if gap.what == "if_none":
            text = f"the pool may hand leads on, and {who}{example}; name a cover or somebody else"
            return self._outline.finding(text, "pools", gap.name, "if_none")
        return self._outline.finding(
            f"{who}, and nobody else takes what falls through{example}; name a cover", "DEFAULT"
        )

    def _state(self, email: str, first: str) -> str:
        return f"on leave without cover {first}" if self._table.people_by_email[email].active else "not active"

    def _unreached(self, item: Unreached) -> Finding:
        if item.part == "member":
            pool, _, member = item.name.partition(".")
            why = "is not active" if item.why == "inactive" else "has no day left in the pool"
            return self._outline.finding(
                f"{member} {why} and gets no turns; remove the member", "pools", pool, "members", member
            )
        if item.part == "pool":
            unnamed = f'no line gives leads to this pool; write "to": "pool:{item.name}" or remove it'
            named = "no lead comes to this pool: only lines without leads name it"
            return self._outline.finding(unnamed if item.why == "unnamed" else named, "pools", item.name)
        text = "no lead can come to this person: no line, pool, manager, cover or SLA names them"
        return self._outline.finding(text, "people", item.name)


def lead_of(facts: RoutingFacts) -> dict[str, Any]:
    """The value of a test's `lead`."""
    found = {
        "country": facts.country,
        "state": facts.state and facts.state.partition("-")[2],
        "postal": facts.postal,
        "industry": facts.industry,
        "employees": facts.employees,
        "revenue": facts.revenue_usd,
        "source": facts.source,
        "product": facts.product,
        "score": facts.score,
        "tier": facts.tier,
    }
    return {key: value for key, value in found.items() if value is not None}


def _loses(lost: Losses) -> str:
    """`it loses 62% of its leads (62 of 100), most of them to rules.partner`."""
    count = sum(lost.to.values())
    (first, most), *_ = lost.to.most_common()
    whom = f"to rules.{first}" if most == count else f"{most} of them to rules.{first}"
    return f"it loses {lost.share:.0%} of its recent leads ({count} of {lost.asked}), {whom}"


def _listed(names: tuple[str, ...]) -> str:
    if len(names) <= _SHOWN:
        return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} others"


def _take(names: tuple[str, ...]) -> str:
    return "takes" if len(names) == 1 else "take"
