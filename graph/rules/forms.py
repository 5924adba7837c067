"""One person, several forms: what is kept from one submission to the next."""

from __future__ import annotations

from dataclasses import fields, replace

from graph.domain.account import Prior
from graph.domain.lead import Form
from graph.rules.text import is_placeholder

SIGNALS = ("honeypot", "fill_time_ms", "submitted_at")  # of one submission only; never carried over from an earlier one
KEPT = tuple(f.name for f in fields(Form) if f.name not in ("extra", *SIGNALS))


def merged(form: Form, prior: Prior | None) -> Form:
    """The person's newest words win; what they leave out this time, or fill with "n/a", is kept from before."""
    if prior is None:
        return form
    kept = {k: v for k, v in prior.form.items() if k in KEPT and v not in (None, "") and _left_out(getattr(form, k))}
    return replace(form, **kept) if kept else form  # type: ignore[arg-type]


def _left_out(typed: object) -> bool:
    return typed is None or (isinstance(typed, str) and is_placeholder(typed.strip()))


def form_fields(form: Form) -> dict[str, str | int | bool]:
    """The form as it is kept for the next submission: typed values only."""
    return {name: value for name in KEPT if (value := getattr(form, name)) is not None}
