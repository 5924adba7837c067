"""The private answers as Slack draws them. Pure: facts in, message out; every text that is not ours is escaped, and nothing
is longer than Slack takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from graph.rules.blocks import TEXT, Block, Message, escaped, moment_text, sections
from graph.rules.bullets import moment
from graph.rules.wording import first_name, plain
from tools.store.inbox import OpenLead
from tools.store.ledgers import PoolLedger
from tools.store.reasons import Reasons

LINE: Final = 600
"""Characters of one line of an answer."""
MOST_LINES: Final = 60
MOST_LEADS: Final = 20
MOST_POOLS: Final = 10
_STATES: Final = {"offered": "waiting for you", "accepted": "accepted", "touched": "touched"}


def note(sentence: str) -> Message:
    """A sentence as it is."""
    return {"text": escaped(sentence, TEXT)}


def why(
    reasons: Reasons, why_not: Sequence[tuple[str, Sequence[str]]], url: str, number: int | None, said: str = ""
) -> Message:
    """why_not: (address, sentences) of each who did not get the lead. said: why that is not known. number: of the
    assignment, for the menu that asks about somebody else."""
    head = (
        f"*Why {escaped(first_name(reasons.owner))}?* Decided by {escaped(reasons.rule)}: {reasons.score:.0f} in 100, tier "
        f"{reasons.tier}, way {plain(reasons.path)}, revision {reasons.revision}."
    )
    lines = [head, *(_bullet(sentence) for _, _, sentence in reasons.steps)]
    blocks = sections(lines[:MOST_LINES]) + _not_they(why_not, said)
    if number is not None:
        menu = {"type": "users_select", "action_id": "lead.why_not", "placeholder": _plain("Why not…")}
        blocks.append({"type": "actions", "block_id": f"why:{reasons.lead_id}:{number}", "elements": [menu]})
    blocks.append(_context(f"<{url}|The whole decision record>"))
    return {"text": f"Why {escaped(first_name(reasons.owner))} has the lead.", "blocks": blocks}


def not_they(why_not: Sequence[tuple[str, Sequence[str]]], said: str = "") -> Message:
    """The second part alone: the answer to "why not Ray?"."""
    blocks = _not_they(why_not, said)
    return {"text": "Why not somebody else.", "blocks": blocks}


def _not_they(why_not: Sequence[tuple[str, Sequence[str]]], said: str) -> list[Block]:
    lines = []
    for email, sentences in why_not:
        lines.append(f"*Why not {escaped(first_name(email))}?*")
        lines += [_bullet(sentence) for sentence in sentences]
    if said:
        lines.append(escaped(said, LINE))
    return sections(lines[:MOST_LINES]) if lines else []


def mine(found: Sequence[OpenLead], total: int, now: datetime, base_url: str) -> Message:
    """My open leads, the most urgent first."""
    if not found:
        return note("No lead is open with you.")
    lines = [_open_lead(lead, now, base_url) for lead in found[:MOST_LEADS]]
    title = f"*{total} open lead{'' if total == 1 else 's'} with you*"
    more = total - len(lines)
    tail = [f"and {more} more: <{base_url}/inbox|see the inbox>"] if more > 0 else []
    return {"text": f"{total} open leads with you.", "blocks": sections([title, *lines, *tail])}


def _open_lead(lead: OpenLead, now: datetime, base_url: str) -> str:
    who = escaped(lead.company or lead.full_name or lead.lead_id, 120)
    name = f" ({escaped(lead.full_name, 120)})" if lead.company and lead.full_name else ""
    due = _due(lead, now)
    link = f"<{base_url}/inbox/lead/{lead.lead_id}|{lead.score:.0f} in 100>"
    return f"• *{who}*{name}: {_STATES.get(lead.state, lead.state)}{due}, {link}"


def _due(lead: OpenLead, now: datetime) -> str:
    at, verb = (lead.accept_due_at, "accept") if lead.state == "offered" else (lead.touch_due_at, "first touch")
    if at is None or lead.state == "touched":
        return ""
    late = "*overdue*, " if at < now else ""
    return f", {late}{verb} by {moment_text(moment(at, now, UTC))}"


def board(ledgers: Sequence[PoolLedger]) -> Message:
    """The ledger of each pool: shares, turns, what is owed, who is there."""
    if not ledgers:
        return note("The routing file has no pool that you are in. Name one: board POOL.")
    blocks: list[Block] = []
    for ledger in ledgers[:MOST_POOLS]:
        lines = [f"*{escaped(ledger.pool.name)}*, {ledger.turns:,} turn{'' if ledger.turns == 1 else 's'} so far"]
        for row in ledger.rows[:MOST_LINES]:
            counts = "".join(f", {escaped(count)}" for count in row.counts)
            following = "  ← next" if row.next else ""
            lines.append(
                f"• {escaped(first_name(row.email))}: share {row.share:.0%}, {row.turns:,} taken, owed {row.credit:+.2f}"
                f"{counts}, {escaped(row.now)}{following}"
            )
        blocks += sections(lines)
    if len(ledgers) > MOST_POOLS:
        blocks.append(_context(f"and {len(ledgers) - MOST_POOLS} more pools: name one, board POOL"))
    return {"text": "The ledger of your pools.", "blocks": blocks[:45]}


def help_message(command: str, said: str = "") -> Message:
    """What the command can do. said: what was not understood."""
    lines = [
        f"• `{command} mine` your open leads with their deadlines",
        f"• `{command} why EMAIL` or `{command} why LEAD` whose it is and why; add `not NAME` for why it is not theirs",
        f"• `{command} away until friday cover ana` your leads go to Ana until Friday; also `from monday until 24 dec`",
        f"• `{command} back` ends it; `{command} back 2026-05-01` takes back a leave that begins then",
        f"• `{command} board` the ledger of your pools; `{command} board POOL` of one",
    ]
    head = [escaped(said, LINE)] if said else []
    return {"text": "What this command can do.", "blocks": sections([*head, *lines])}


def _bullet(sentence: str) -> str:
    return f"• {escaped(sentence, LINE)}"


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def joined(sentences: Iterable[str]) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
