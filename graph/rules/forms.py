"""One person, several forms: what is kept from one submission to the next, and what they were asked for in vain."""

from __future__ import annotations

from dataclasses import fields, replace

from graph.domain.account import Prior
from graph.domain.lead import Form
from graph.rules.profiling import FIELDS
from graph.rules.text import is_placeholder

SIGNALS = ("honeypot", "fill_time_ms", "submitted_at", "asked")
"""Of one submission only; never carried over from an earlier one."""
KEPT = tuple(f.name for f in fields(Form) if f.name not in ("extra", *SIGNALS))


def merged(form: Form, prior: Prior | None) -> Form:
    """The person's newest words win; what they leave out this time, or fill with "n/a", is kept from before."""
    kept = {}
    if prior is not None:
        kept = {
            k: v for k, v in prior.form.items() if k in KEPT and v not in (None, "") and _left_out(getattr(form, k))
        }
    if form.asked in FIELDS and _left_out(getattr(form, form.asked)):
        counts = blanks_of(kept.get("blanks"))
        counts[form.asked] = counts.get(form.asked, 0) + 1
        kept["blanks"] = " ".join(f"{name}:{count}" for name, count in counts.items())
    return replace(form, **kept) if kept else form  # type: ignore[arg-type]


def _left_out(typed: object) -> bool:
    return typed is None or (isinstance(typed, str) and is_placeholder(typed.strip()))


def blanks_of(written: object) -> dict[str, int]:
    """`employees:1 title:2` as numbers; whatever is no such text counts as nothing."""
    pairs = [item.partition(":") for item in written.split()] if isinstance(written, str) else []
    return {name: int(count) for name, _, count in pairs if name in FIELDS and count.isdecimal()}


def form_fields(form: Form) -> dict[str, str | int | bool]:
    """The form as it is kept for the next submission: typed values only."""
    return {name: value for name in KEPT if (value := getattr(form, name)) is not None}
