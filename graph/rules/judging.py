"""Judges a message by its words: what they want, how much, how soon. The twin of the language model's judgement.

It reads English well and the usual words of a few other languages; what it cannot read counts as a plain question. It
follows nothing: sentences that give orders to a model are left out, and what is left counts for no more than a greeting.
The same message has the same judgement for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from graph.domain.scoring import Intent, Judgement
from graph.rules.orders import gives_orders, signs_in
from graph.rules.signals import NEGATIONS, SIGNALS, STARTS, UNSPACED, Signal

SOURCE = "rules"
"""The source of a fact that was judged here."""
LONGEST = 4_000
"""Characters that are read."""

PLAIN_QUESTION = 0.45
SAYS_LITTLE = 0.35
_HIGHEST, _LOWEST = 0.97, 0.02
_MOST_REASONS = 4

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[,.;:!?\n]")
_STOPS = frozenset(",.;:!?\n")
_UNSPACED_LETTER = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_WHEN = re.compile(
    r"""\b(?:(?:before|by|until|within|in|from|starting)\s+)?(?:the\s+)?(?:(?:end|start|beginning|middle)\s+of\s+)?
    (?:q[1-4]\b(?:\s+20\d\d)?|(?:this|next|the\s+coming)\s+(?:week|month|quarter)\b
    |(?<=by\s)(?:monday|tuesday|wednesday|thursday|friday)\b
    |(?<=in\s)\d{1,2}\s+(?:days?|weeks?|months?)\b|(?<=within\s)\d{1,2}\s+(?:days?|weeks?|months?)\b
    |(?<=before\s)(?:january|february|march|april|may|june|july|august|september|october|november|december)\b
    |(?<=by\s)(?:january|february|march|april|may|june|july|august|september|october|november|december)\b)""",
    re.VERBOSE | re.IGNORECASE,
)
_WHEN_HINTS = ("q1", "q2", "q3", "q4", "this ", "next ", "by ", "in ", "within ", "before ", "coming ")
_WHEN_NAMES = (
    "q1", "q2", "q3", "q4", "week", "month", "quarter", "day", "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
"""One of them is in every time there is, as far as the text is ASCII: an unusual letter may stand for one of theirs."""
_DIGIT = re.compile(r"\d")
_HOW_MUCH = re.compile(
    r"""(?<![\w$€£.,])(?P<number>\d{1,3}(?:[,.]\d{3}){1,2}|\d{2,7}|\d{1,3}k)\+?\s+(?:[a-z-]+\s+){0,2}?
    (?P<unit>(?:micro)?services|servers|hosts|nodes|clusters|containers|pods|vms|instances|users|employees|people
    |engineers|developers|devs|seats|licen[cs]es|teams|sites|stores|locations|devices|endpoints|applications|apps
    |server|dienste|nutzer|mitarbeiter|serveurs|utilisateurs|servidores|usuarios)\b""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(slots=True)
class _Findings:
    """Which signals a message gave; `said` holds what a reason quotes. signals: in the order of the table."""

    names: set[str] = field(default_factory=set)
    said: dict[str, str] = field(default_factory=dict)

    def of(self, *names: str) -> bool:
        return not self.names.isdisjoint(names)

    def signals(self) -> list[Signal]:
        names = self.names
        return [signal for signal in SIGNALS if signal.name in names] if names else []


def judge_message(message: str) -> Judgement:
    """The judgement of one message; score 0..1 on the scale of prompts/scoring.md."""
    text = message[:LONGEST]
    signs = signs_in(message)
    if not signs:
        return _judged(text)
    if "instructions" not in signs and "hidden" not in signs:
        return _no_better(_judged(text), PLAIN_QUESTION, "holds code or mentions instead of words")
    rest = _judged(" ".join(sentence for sentence in _SENTENCE.split(text) if not gives_orders(sentence)))
    return replace(_no_better(rest, _at_most(text), "gives orders to a language model; not followed"), intent="other")


def _at_most(text: str) -> float:
    """What a greeting counts for, less whatever speaks against the text: no word of it speaks for it."""
    found = _find(text, [token.replace("’", "'") for token in _TOKEN.findall(text.lower())])
    found.names.intersection_update([signal.name for signal in SIGNALS if signal.points <= 0])
    return round(_score(found.signals(), 0), 3)


def _no_better(judgement: Judgement, highest: float, why: str) -> Judgement:
    """The judgement, no higher than this, with the reason first."""
    score = min(judgement.score, highest)
    return replace(judgement, score=score, reasons=(why, *judgement.reasons)[:_MOST_REASONS])


def _judged(text: str) -> Judgement:
    tokens = [token.replace("’", "'") for token in _TOKEN.findall(text.lower())]
    found, length = _find(text, tokens), _length(text, tokens)
    given = found.signals()
    return Judgement(
        round(_score(given, length), 3),
        _reasons(given, found.said, length)[:_MOST_REASONS],
        _intent(found),
        _sentiment(found),
        _urgency(found),
    )


def _find(text: str, tokens: list[str]) -> _Findings:
    found = _Findings()
    for signal, place in _matches(tokens):
        if signal.points <= 0 or not _is_denied(tokens, place):
            found.names.add(signal.name)
    lowered = text.lower()
    if not text.isascii():
        found.names.update(signal.name for phrase, signal in UNSPACED if phrase in lowered)
    if _may_name_a_time(text, lowered) and (when := _WHEN.search(text)):
        found.names.add("timeline")
        found.said["timeline"] = " ".join(when[0].split())
    if _DIGIT.search(text) and (much := _HOW_MUCH.search(text)):
        found.names.add("scale")
        found.said["scale"] = f"{much['number']} {much['unit'].lower()}"
    return found


def _may_name_a_time(text: str, lowered: str) -> bool:
    if text.isascii() and not any(name in lowered for name in _WHEN_NAMES):
        return False
    return any(hint in lowered for hint in _WHEN_HINTS)


def _matches(tokens: list[str]) -> Iterator[tuple[Signal, int]]:
    """Every phrase of the table in the text, with the place of its first word."""
    for place, token in enumerate(tokens):
        if token in STARTS:
            for phrase, signal in STARTS[token]:
                if tuple(tokens[place : place + len(phrase)]) == phrase:
                    yield signal, place


def _is_denied(tokens: list[str], place: int) -> bool:
    """ "no budget", "do not need a demo": a denial up to three words before, in the same clause."""
    for token in reversed(tokens[max(0, place - 3) : place]):
        if token in _STOPS:
            return False
        if token in NEGATIONS:
            return True
    return False


def _length(text: str, tokens: list[str]) -> int:
    """In words; two letters of a script without spaces count as one."""
    unspaced = 0 if text.isascii() else len(_UNSPACED_LETTER.findall(text)) // 2
    return len([token for token in tokens if token not in _STOPS]) + unspaced


def _score(given: list[Signal], length: int) -> float:
    score = SAYS_LITTLE if length < 4 else PLAIN_QUESTION
    highest = _HIGHEST
    for signal in given:
        score += signal.points
        highest = min(highest, signal.highest)
    return max(_LOWEST, min(score, highest))


def _reasons(given: list[Signal], said: dict[str, str], length: int) -> tuple[str, ...]:
    """The signals that count most first; of equal ones in the order of the table."""
    told = sorted([s for s in given if s.reason], key=lambda s: -abs(s.points))
    reasons = [f"{s.reason}: {said[s.name]}" if s.name in said else s.reason for s in told]
    if not reasons:
        reasons = ["says almost nothing" if length < 4 else "a plain question"]
    return tuple(reasons)


def _intent(found: _Findings) -> Intent:
    if found.of("unsubscribe", "pitch", "job", "student"):
        return "other"
    buying = found.of("demo", "pricing", "comparing")
    if found.of("complaint") and not buying:
        return "complaint"
    if found.of("support") and not buying:
        return "support"
    if found.of("partnership"):
        return "partnership"
    if found.of("demo"):
        return "demo_request"
    return "pricing" if found.of("pricing") else "inquiry"


def _sentiment(found: _Findings) -> Literal["positive", "neutral", "negative"]:
    glad, sorry = found.of("glad"), found.of("complaint", "unsubscribe", "sorry")
    return "neutral" if glad == sorry else "positive" if glad else "negative"


def _urgency(found: _Findings) -> Literal["high", "medium", "low"]:
    if found.of("timeline", "urgent"):
        return "high"
    return "medium" if found.of("soon", "demo", "pricing") and not found.of("browsing") else "low"
