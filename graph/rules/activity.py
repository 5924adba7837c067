"""What a person did, in our words. The order of weight is that of sales: a meeting before a page. Judges nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from graph.domain.activity import Did
from graph.domain.late_facts import Shift
from graph.rules.late_policy import effect_said
from graph.rules.wording import counted, duration

SAID: Final = {
    "meeting": ("meeting", "meetings"),
    "call": ("call", "calls"),
    "reply": ("reply", "replies"),
    "form_submit": ("form sent", "forms sent"),
    "content_download": ("download", "downloads"),
    "email_click": ("link followed", "links followed"),
    "email_open": ("mail opened", "mails opened"),
    "page_view": ("page viewed", "pages viewed"),
}


def did_said(did: Sequence[Did], at: datetime) -> str:
    """ "1 meeting, 3 pages viewed; the last 5 min earlier". at: the moment looked from. Empty where they did nothing: mails
    that we sent are not theirs."""
    if not did:
        return ""
    counts = Counter(kind for kind, _ in did)
    told = [counted(counts[kind], *words) for kind, words in SAID.items() if counts[kind]]
    if not told:
        return ""
    last = max(when for kind, when in did if kind in SAID)
    ago = (at - last).total_seconds()
    return f"{', '.join(told)}; the last {f'{duration(ago)} earlier' if ago >= 1 else 'just now'}"


def activity_note(since: Sequence[Did], at: datetime, found: tuple[Shift, ...], *, stays: bool) -> str:
    """ "Since the decision: 3 links followed; the last 5 s earlier: tier low -> high, way nurture -> qualify." stays: the
    lead is not decided again for it."""
    return effect_said(f"Since the decision: {did_said(since, at) or 'nothing that counts'}", found, stays=stays)
