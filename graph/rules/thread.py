"""What goes into the thread below an alert: the reasons behind each change, in words and in Slack's mark-up.

offered   a link to the decision record          passed    the reason, who is next, what the ledger makes of it
missed    the ladder, and where the lead is on it   news   what changed, and why
settled   one tap: was the score right?

Says nothing that the decision does not hold; words of strangers and colleagues are shown as they were typed and do nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from graph.domain.account import Prior
from graph.domain.brief import Brief, Part
from graph.domain.routing import Assignment, Turn
from graph.domain.table import RoutingTable
from graph.rules.blocks import TEXT, Block, Message, button, drawn_part, width
from graph.rules.wording import counted, first_name

RIGHT: Final = {"yes": "Yes", "no": "No"}
"""Codes and words of the answer to whether the score was right."""
QUESTION: Final = "Was the score right?"


class Note(NamedTuple):
    """text: the words alone; body: the message that says them in a thread, where it is more than its text."""

    text: str
    body: Message | None = None


def note_of(parts: Sequence[Part], buttons: Sequence[Block] = (), block_id: str = "") -> Note:
    """A note with links and times that are live; with buttons below where there are any."""
    room, drawn = TEXT, list[str]()
    for part in parts:
        text = drawn_part(part, room)
        if (size := width(text)) > room:
            break
        room -= size
        drawn.append(text)
    text = "".join(drawn)
    body: Message = {"text": text, "unfurl_links": False}
    if buttons:
        section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
        body["blocks"] = [section, {"type": "actions", "block_id": block_id, "elements": list(buttons)}]
    return Note("".join([part.text for part in parts]), body)


def offered(brief: Brief, public_url: str) -> Note:
    """What the thread of a new alert begins with."""
    parts = [Part("text", f"Offered to {first_name(brief.owner)}")]
    if brief.deadline is not None:
        parts += [Part("own", ", to be accepted by "), brief.deadline]
    return note_of([*parts, Part("own", "."), *_record(brief, public_url)])


def _record(brief: Brief, public_url: str) -> list[Part]:
    """Where each step of the decision is told, and from there the whole record."""
    if not public_url:
        return []
    url = f"{public_url}/inbox/why/{brief.lead_id}?number={brief.assignment}"
    return [Part("own", " How it was decided: "), Part("link", "decision record", url), Part("own", ".")]


def passed(reason: str, assignment: Assignment, prior: Prior) -> Note:
    """For who passed the lead on."""
    text = f"Reason: {' '.join(reason.split()) or 'none given'}. Next owner: {assignment.owner}. {_ledger(assignment, prior)}"
    return note_of([Part("text", text)])


def _ledger(assignment: Assignment, prior: Prior) -> str:
    turn, name = assignment.turn, first_name(prior.owner)
    given = [] if turn is None or turn.reused else [_entry(turn, email) for email in sorted(_changed(turn))]
    said = f"Ledger of the pool {turn.pool}: {'; '.join(given)}." if turn is not None and given else ""
    left = [pool for pool, _ in prior.turns if not given or turn is None or pool != turn.pool]
    if left:
        said += f" The turn in {', '.join(left)} still counts: the lead has left that pool."
    return said.strip() or f"No ledger changes: {name} had it without a turn in a pool."


def _changed(turn: Turn) -> list[str]:
    return [email for email, turns in turn.after.turns.items() if turns != turn.before.turns.get(email, 0)]


def _entry(turn: Turn, email: str) -> str:
    now, before = turn.after.turns[email], turn.before.turns.get(email, 0)
    done = "is charged a turn" if now > before else "gets the turn back"
    return f"{first_name(email)} {done}, {counted(now, 'turn', 'turns')} in all"


def missed(assignment: Assignment, prior: Prior, table: RoutingTable) -> Note:
    """For who did not accept in time: the whole ladder of their SLA with the rung that the lead is on."""
    return note_of([Part("text", f"{assignment.why.rstrip('. ')}. {ladder(assignment, prior, table)}")])


def ladder(assignment: Assignment, prior: Prior, table: RoutingTable) -> str:
    """ "Ladder of hot: next (now Eli), then manager, then DEFAULT." """
    sla = table.slas.get(prior.sla or "")
    rungs = [*(sla.then if sla is not None else ())]
    if "DEFAULT" not in rungs:
        rungs.append("DEFAULT")
    here = min(max(assignment.rung, 1), len(rungs)) - 1
    said = [
        f"{rung} (now {first_name(assignment.owner)})" if at == here else f"{rung} (used up)" if at < here else rung
        for at, rung in enumerate(rungs)
    ]
    return f"Ladder of {prior.sla or 'no SLA'}: {', then '.join(said)}."


def news(what: str, changes: Sequence[str]) -> Note:
    """what: happened; changes: of the decision, as sentences."""
    told = [what.rstrip(". ") + ".", *changes]
    return note_of([Part("text", " ".join([" ".join(one.split()) for one in told]))])


def settled(fact: str, lead_id: str, number: int) -> Note:
    """fact: how it ended and who said so. One tap answers whether the score was right."""
    value = f"{lead_id}:{number}"
    buttons = [button(f"lead.right.{code}", words, value) for code, words in RIGHT.items()]
    return note_of([Part("text", f"{fact} {QUESTION}")], buttons, f"right:{value}")
