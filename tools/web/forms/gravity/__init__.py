"""Gravity Forms (WordPress): the fields under the names that the feed's admin chose, or the whole entry under numbers. It
signs nothing, so that a key proves it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from tools.web.answers import Refused
from tools.web.forms.digging import kept, others, text_of, tracking
from tools.web.forms.flattening import Flat, flatten
from tools.web.forms.signatures import by_key
from tools.web.forms.vendor import EVERY_BODY, Delivery, Item, Payload, Vendor

_ENTRY: Final = frozenset(
    (
        "id", "entry_id", "form_id", "form_title", "post_id", "date_created", "date_updated", "is_starred", "is_read", "ip",
        "source_url", "user_agent", "currency", "payment_status", "payment_date", "payment_amount", "payment_method",
        "transaction_id", "transaction_type", "is_fulfilled", "created_by", "status", "source_id", "is_approved",
    )
)  # fmt: skip
_PART = re.compile(r"(\d+)\.(\d+)")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def read(payload: Payload) -> Sequence[Item]:
    mine = {name: value for name, value in payload.items() if name not in _ENTRY}
    if not mine:
        problem = {"field": "email", "problem": "no field of the form", "fix": "choose the fields in the feed's body"}
        raise Refused(422, "unexpected_payload", "There is no field of a form in this.", fields=(problem,))
    flat = flatten(others(mine))
    given, wording, used = _consent(flat)
    page = text_of(payload, "source_url")
    entry, form = text_of(payload, "id", "entry_id"), text_of(payload, "form_id") or ""
    site = urlsplit(page).hostname if page else None
    created = text_of(payload, "date_created")
    return [
        Delivery(
            {name: value for name, value in flat.items() if name not in used},
            event_id=f"{site or ''}/{form}/{entry}" if entry else None,
            submitted_at=f"{created.replace(' ', 'T')}+00:00" if created and "+" not in created else created,
            form=form,
            hints=_hints(flat),
            consent=given,
            consent_text=wording,
            kept=tracking(mine) | kept(form_id=form, form_name=text_of(payload, "form_title"), page_url=page),
        )
    ]


def _hints(flat: Flat) -> Mapping[str, str]:
    """In a whole entry fields have numbers. What is sure of them: the one that is an address for mail, and a name, whose
    parts are .3 and .6 where a postal address has its street in .1."""
    hints: dict[str, str] = {}
    for name, value in flat.items():
        number, _, part = name.partition(".")
        if not number.isdigit():
            continue
        if not part and isinstance(value, str) and _MAIL.fullmatch(value) and "email" not in hints.values():
            hints[name] = "email"
        if part == "3" and f"{number}.6" in flat and f"{number}.1" not in flat and "first_name" not in hints.values():
            hints |= {name: "first_name", f"{number}.6": "last_name"}
    return hints


def _consent(flat: Flat) -> tuple[bool | None, str | None, set[str]]:
    """A consent field in a whole entry: N.1 is 1, N.2 the wording, N.3 its revision."""
    for name, value in flat.items():
        found = _PART.fullmatch(name)
        if found is None or found[2] != "1" or str(value) != "1":
            continue
        wording: Any = flat.get(f"{found[1]}.2")
        if isinstance(wording, str) and " " in wording:
            return True, wording, {name, f"{found[1]}.2", f"{found[1]}.3"}
    return None, None, set()


VENDOR = Vendor(
    name="gravity",
    title="Gravity Forms",
    proof="a key as the header x-webhook-key, or in the URL (?key=); Gravity Forms signs nothing",
    check=by_key,
    read=read,
    bodies=EVERY_BODY,
)
