"""Which events no person made: crawlers, mail programs that load ahead, scanners that follow every link, bursts.

A verdict depends on the event itself and on events of the same person within NEAR_S seconds, never on the order in which
they were told: the same events give the same verdicts however they come. What people or our own programs do on purpose
(reply, meeting, call, unsubscribe, bounce, outcome, a mail sent) is never doubted.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from graph.domain.values import value

DOUBTED: Final = frozenset({"page_view", "email_open", "email_click", "content_download", "form_submit"})
QUICK_S: Final = 5.0
"""Seconds after sending within which nobody reads: a mail program or a filter loaded it."""
SCANNED_LINKS, SCANNED_S = 3, 10.0
"""So many different links of one mail in so many seconds: a filter followed them all."""
BURST, BURST_S = 20, 10.0
"""So many events in so many seconds: two a second for ten seconds is no person's pace."""
NEAR_S: Final = max(QUICK_S, SCANNED_S, BURST_S)


@value(frozen=True)
class Trace:
    """What the verdict looks at. agent: a known bot's user agent; network: an address from which mail programs load ahead;
    machine: the sender itself says that no person did it; mail, link: which, empty where nobody says."""

    event_key: str
    type: str
    at: datetime
    agent: bool = False
    network: bool = False
    machine: bool = False
    mail: str = ""
    link: str = ""


def verdicts(events: Iterable[Trace]) -> dict[str, str]:
    """event_key -> why it does not count, of those events of one person that do not."""
    ordered = sorted(events, key=lambda one: (one.at, one.event_key))
    doubted = [one for one in ordered if one.type in DOUBTED]
    found = {one.event_key: why for one in doubted if (why := _by_itself(one))}
    sent = [one for one in ordered if one.type == "email_sent"]
    sent_at = [one.at for one in sent]
    for one in doubted:
        if one.type in ("email_open", "email_click") and (after := _after_sending(one, sent, sent_at)) is not None:
            found.setdefault(one.event_key, f"It came {after:.0f} s after the mail was sent: a program loaded it.")
    clicks: dict[str, list[Trace]] = {}
    for one in doubted:
        if one.type == "email_click" and one.link:
            clicks.setdefault(one.mail, []).append(one)
    for of_mail in clicks.values():
        for one in _crowded(of_mail, SCANNED_S, SCANNED_LINKS, lambda click: click.link):
            found.setdefault(one.event_key, "Every link of the mail was followed within seconds: a scanner.")
    for one in _crowded(doubted, BURST_S, BURST, lambda event: event.event_key):
        found.setdefault(one.event_key, f"{BURST} or more events within {BURST_S:.0f} s: no person's pace.")
    return found


def _by_itself(one: Trace) -> str:
    if one.machine:
        return "The sender says that no person did it."
    if one.agent:
        return "Its user agent is a known bot's."
    if one.network and one.type != "form_submit":
        return "It comes from a network that loads mails and pages ahead."
    return ""


def _after_sending(one: Trace, sent: Sequence[Trace], times: Sequence[datetime]) -> float | None:
    """Seconds since that mail was sent, where they are too few; a mail that nobody names may be any."""
    first = bisect_left(times, one.at - timedelta(seconds=QUICK_S))
    for mail in sent[first : bisect_right(times, one.at)]:
        if not mail.mail or not one.mail or mail.mail == one.mail:
            return (one.at - mail.at).total_seconds()
    return None


def _crowded(events: Sequence[Trace], seconds: float, least: int, name: Callable[[Trace], str]) -> list[Trace]:
    """The events of every span of so many seconds that holds at least so many of different names. events: by time."""
    found: list[Trace] = []
    held: Counter[str] = Counter()
    end = done = 0
    for first, one in enumerate(events):
        while end < len(events) and (events[end].at - one.at).total_seconds() <= seconds:
            held[name(events[end])] += 1
            end += 1
        if len(held) >= least:
            found += events[max(first, done) : end]
            done = end
        held[name(one)] -= 1
        if not held[name(one)]:
            del held[name(one)]
    return found
