"""When a source is not worth asking: its fill rate has fallen far below what it used to be.

    recent   the last WINDOW answers: did they fill a field?        past   all before them, older ones fading

A source is switched off when the recent rate is below SHARE of the past one and chance does not explain it, rests, and is
then tried with a few questions. Failures do not count: they are the breaker's business. Pure: the store keeps the state.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

State: TypeAlias = Literal["on", "off", "trying"]
WINDOW: Final = 100
LEAST_RECENT, LEAST_PAST = 40, 100
"""Answers before anything is concluded, and before there is a rate of its own to fall below."""
CHANCE: Final = 1e-4
"""The window is looked at after every batch; at this level a source that has not changed is switched off by mistake about
once in several thousand windows."""
FADING: Final = 2_000.0
"""Past answers count for so many at the most, so that a rate of its own keeps up with the source."""
TRIES: Final = 20
_UNANSWERED: Final = timedelta(minutes=10)  # tries whose answers never came, as after a crash, are given again


@dataclass(frozen=True, slots=True)
class Terms:
    """share: of its own rate below which a source is switched off, 0 for never; rest_s: for how long, in seconds."""

    share: float = 0.5
    rest_s: float = 1_800.0


@dataclass(frozen=True, slots=True)
class Switch:
    """by: `rule`, or `person`, whose word stands until a person takes it back. tries: questions left while `trying`."""

    state: State
    by: Literal["rule", "person"]
    reason: str
    since: datetime
    until: datetime | None = None
    tries: int = 0
    recent: str = ""
    past_answers: float = 0.0
    past_filled: float = 0.0

    @property
    def past_rate(self) -> float | None:
        return self.past_filled / self.past_answers if self.past_answers else None

    @property
    def recent_rate(self) -> float | None:
        return self.recent.count("1") / len(self.recent) if self.recent else None


def new(now: datetime) -> Switch:
    return Switch("on", "rule", "", now)


def room(switch: Switch, now: datetime) -> tuple[Switch, int | None]:
    """How many questions may be put now, None for any number, and the switch as it then is."""
    if switch.state == "off":
        if switch.until is None or now < switch.until:
            return switch, 0
        switch = replace(switch, state="trying", reason="tried again after a rest", since=now, until=None, tries=TRIES)
    if switch.state == "trying" and not switch.tries and now - switch.since >= _UNANSWERED:
        switch = replace(switch, since=now, tries=TRIES // 2)
    return switch, switch.tries if switch.state == "trying" else None


def asked(switch: Switch, questions: int) -> Switch:
    """After so many questions were put."""
    return replace(switch, tries=max(0, switch.tries - questions)) if switch.state == "trying" else switch


def answered(switch: Switch, filled: Sequence[bool], now: datetime, terms: Terms) -> Switch:
    """After these answers: kept, switched off, or on again."""
    switch = replace(switch, recent=switch.recent + "".join("1" if one else "0" for one in filled))
    if switch.state == "trying":
        return _tried(switch, now, terms)
    if switch.state == "off":  # answers to what was asked before
        return replace(switch, recent="")
    judged = switch.recent[-WINDOW:]
    if switch.by == "rule" and terms.share and _fallen(switch, judged, terms.share):
        return _off(switch, judged, now, terms)
    return _aged(switch)


def by_person(switch: Switch, *, on: bool, reason: str, now: datetime) -> Switch:
    """A person's word."""
    return replace(
        switch, state="on" if on else "off", by="person", reason=reason, since=now, until=None, tries=0, recent=""
    )


def to_rule(switch: Switch, now: datetime) -> Switch:
    """The rule's business again; what was learnt of its rate stays."""
    return replace(switch, state="on", by="rule", reason="", since=now, until=None, tries=0, recent="")


def _tried(switch: Switch, now: datetime, terms: Terms) -> Switch:
    """Judged once all tries are put and answered, half of them at the least (the others failed)."""
    if switch.tries or 2 * len(switch.recent) < TRIES:
        return replace(switch, tries=TRIES // 2) if not switch.tries else switch
    rate, past = switch.recent_rate or 0.0, switch.past_rate or 0.0
    if rate < terms.share * past:
        return _off(switch, switch.recent, now, terms)
    return replace(switch, state="on", reason="fills again", since=now, recent=switch.recent)


def _off(switch: Switch, judged: str, now: datetime, terms: Terms) -> Switch:
    """The answers that led here do not become part of what it used to be."""
    rate, past = judged.count("1") / len(judged), switch.past_rate or 0.0
    reason = f"filled {rate:.0%} of the last {len(judged)} questions, {past:.0%} before"
    until = now + timedelta(seconds=terms.rest_s)
    return replace(switch, state="off", by="rule", reason=reason, since=now, until=until, tries=0, recent="")


def _fallen(switch: Switch, judged: str, share: float) -> bool:
    past = switch.past_rate
    if past is None or switch.past_answers < LEAST_PAST or len(judged) < LEAST_RECENT:
        return False
    filled, count = judged.count("1"), len(judged)
    return filled < share * past * count and _chance(filled, count, past) < CHANCE


def _chance(filled: int, count: int, rate: float) -> float:
    """P(at most so many of count), by the binomial distribution."""
    if rate >= 1:
        return float(filled >= count)
    return sum(math.comb(count, n) * rate**n * (1 - rate) ** (count - n) for n in range(filled + 1))


def _aged(switch: Switch) -> Switch:
    """What leaves the window belongs to the past."""
    old, recent = switch.recent[:-WINDOW], switch.recent[-WINDOW:]
    if not old:
        return switch
    answers, filled = switch.past_answers + len(old), switch.past_filled + old.count("1")
    fade = min(1.0, FADING / answers)
    return replace(switch, recent=recent, past_answers=answers * fade, past_filled=filled * fade)
