"""Values out of a vendor's payload, which may have any shape: a field of another type is as good as none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from tools.web.answers import Refused
from tools.web.forms.flattening import Value

TRACKING: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "gclid", "fbclid", "msclkid")
_SECONDS, _LATEST = 1e11, 253_402_300_800  # larger numbers are milliseconds; year 10000


def object_at(held: Mapping[str, Any], name: str, vendor: str) -> dict[str, Any]:
    """The object under this name. Raises Refused 422 where it is none: the payload is not this vendor's."""
    found = held.get(name)
    if not isinstance(found, dict):
        raise foreign(name, vendor)
    return found


def foreign(name: str, vendor: str) -> Refused:
    """The payload is not of this vendor's shape: `name` is missing or something else."""
    problem = {"field": name, "problem": "missing, or of another type", "fix": f"send what {vendor} sends"}
    return Refused(422, "unexpected_payload", f"This is no delivery of {vendor}: {name} is missing.", fields=(problem,))


def inner(held: Any, *names: str) -> dict[str, Any]:
    """The object at the end of these names, or an empty one."""
    for name in names:
        held = held.get(name) if isinstance(held, dict) else None
    return held if isinstance(held, dict) else {}


def objects_of(held: Any, name: str) -> Iterator[dict[str, Any]]:
    """The objects in the list under this name."""
    found = held.get(name) if isinstance(held, dict) else None
    yield from (item for item in (found if isinstance(found, list) else ()) if isinstance(item, dict))


def text_of(held: Mapping[str, Any], *names: str) -> str | None:
    """The first text or number under one of these names."""
    for name in names:
        found = held.get(name)
        if isinstance(found, str) and found.strip():
            return found.strip()
        if isinstance(found, int | float) and not isinstance(found, bool):
            return str(found)
    return None


def time_of(held: Mapping[str, Any], *names: str) -> str | None:
    """A time as ISO 8601: numbers are seconds or milliseconds since 1970, text stays as it is."""
    said = text_of(held, *names)
    if said is None:
        return None
    try:
        number = float(said)
    except ValueError:
        return said
    seconds = number / 1000 if abs(number) >= _SECONDS else number
    return datetime.fromtimestamp(seconds, UTC).isoformat() if 0 <= seconds < _LATEST else said


def moment(said: str | None) -> datetime | None:
    """A time with its zone; UTC where none is given."""
    try:
        found = datetime.fromisoformat(said) if said else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def kept(**values: Any) -> dict[str, Value]:
    """Those that say something, to be kept beside the form's fields."""
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, bool | int | float) or (isinstance(value, str) and value.strip())
    }


def tracking(held: Mapping[str, Any]) -> dict[str, Value]:
    """The campaign's parameters among these values."""
    return kept(**{name: held.get(name) for name in TRACKING})


def others(held: Mapping[str, Any]) -> dict[str, Any]:
    """All but the campaign's parameters."""
    return {str(name): value for name, value in held.items() if name not in TRACKING}
