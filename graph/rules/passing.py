"""Why an owner passes a lead on: the reasons that may be given, in Slack as in the inbox, and the words that are recorded."""

from __future__ import annotations

from datetime import date
from typing import Final

from graph.rules.blocks import one_line

PASS_REASONS: Final = {
    "territory": "not my territory",
    "conflict": "conflict",
    "time": "no time",
    "fit": "bad fit",
    "cover": "cover me until",
}
"""Codes and words, in the order of the form."""
DETAIL: Final = 300
"""Characters of what is typed for the next owner."""


class NoReason(Exception):
    """What was chosen is no reason yet. field: reason or until; the text says what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def pass_reason(code: str, detail: str = "", until: date | None = None, today: date | None = None) -> str:
    """The reason as it is recorded: "conflict: my brother". until: for `cover`, not before `today` where that is given.
    Raises NoReason."""
    if code not in PASS_REASONS:
        raise NoReason("reason", f"{one_line(code, 40)!r} is none of {', '.join(PASS_REASONS)}.")
    words = PASS_REASONS[code]
    if code == "cover":
        if until is None:
            raise NoReason("until", "Choose the day until which you need cover.")
        if today is not None and until < today:
            raise NoReason("until", "That day is over: choose today or a later one.")
        words = f"{words} {until.isoformat()}"
    detail = one_line(detail, DETAIL).strip()
    return f"{words}: {detail}" if detail else words
