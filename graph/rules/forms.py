"""One person, several forms: what is kept from one submission to the next."""

from __future__ import annotations

from dataclasses import fields, replace

from graph.domain.account import Prior
from graph.domain.lead import Form

SIGNALS = ("honeypot", "fill_time_ms")  # of one submission only; never carried over from an earlier one
KEPT = tuple(f.name for f in fields(Form) if f.name not in ("extra", *SIGNALS))


def merged(form: Form, prior: Prior | None) -> Form:
    """The person's newest words win; what they leave out this time is kept from before."""
    if prior is None:
        return form
    kept = {k: v for k, v in prior.form.items() if k in KEPT and v not in (None, "") and getattr(form, k) is None}
    return replace(form, **kept) if kept else form  # type: ignore[arg-type]


def form_fields(form: Form) -> dict[str, str | int | bool]:
    """The form as it is kept for the next submission: typed values only."""
    return {name: value for name in KEPT if (value := getattr(form, name)) is not None}
