"""The writer of notes that needs no model: one or two sentences from a template. The twin of the OpenAI writer.

It only puts facts next to each other: every name and figure it writes stands in the facts it was given, word for word.
A fact with a link, an address or a mention in it is not quoted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from graph.domain.facts import Absent, Fact, Found
from graph.ports import NoteAsk
from graph.rules.note import TEMPLATE

_NOT_QUOTED = re.compile(r"[@<>]|://|[Ww]{3}\.")
_LONGEST_QUOTE = 140
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")


class TemplateWriter:
    """Implements `Writer`: how to open the first conversation, and whose story is nearest."""

    source = TEMPLATE

    async def write(self, asks: Sequence[NoteAsk], now: datetime) -> Sequence[Fact[str]]:
        """One fact for each ask, in order; Absent where the facts give nothing to open with."""
        notes = [note(ask.facts) for ask in asks]
        return [Found(text, self.source, now) if text else Absent(self.source, now) for text in notes]


def note(facts: Mapping[str, str]) -> str:
    """The note for one lead, empty where there is nothing to say. Labels are those of the brief's bullets."""
    return " ".join(filter(None, (_opening(facts), _story(facts))))


def _known(facts: Mapping[str, str], label: str) -> str:
    """The fact as far as it may be quoted."""
    text = facts.get(label, "")
    return "" if _NOT_QUOTED.search(text) else text


def _opening(facts: Mapping[str, str]) -> str:
    if asked_for := _known(facts, "Asked for"):
        return f"Open with what they asked for: {_quoted(asked_for)}."
    if "Asked for" not in facts and (company := _known(facts, "Company")):
        return f"They left no message: ask what brought them here, and what {_first(company, ',;')} uses today."
    return ""


def _story(facts: Mapping[str, str]) -> str:
    """The nearest account that was won, and the nearest that was lost."""
    near = [one.strip() for one in _known(facts, "Looks like").split(";")]
    won = next((one for one in near if " won" in one), None)
    lost = next((one for one in near if " lost" in one), None)
    if won is None:
        return f"Mention nothing of the nearest story, which went wrong: {lost}." if lost else ""
    return f"Mention the nearest story: {won}{f'; know the one that went wrong: {lost}' if lost else ''}."


def _quoted(text: str) -> str:
    """The beginning of a text, in quotation marks of its own, cut at a word's end."""
    text = _SENTENCE_END.split(" ".join(text.split()).strip('"“”'), maxsplit=1)[0].rstrip(".!?,; ")
    if len(text) > _LONGEST_QUOTE:
        cut = text[: _LONGEST_QUOTE - 1]
        text = (cut.rpartition(" ")[0].rstrip(".,; ") or cut) + "…"
    return f"“{text.replace('“', '').replace('”', '')}”"


def _first(text: str, stops: str) -> str:
    return min((text.partition(stop)[0] for stop in stops), key=len).strip()
