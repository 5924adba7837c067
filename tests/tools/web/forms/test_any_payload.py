"""Whatever stands where in a payload, a vendor's folder reads it or refuses it with the field's name."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.cli.forms import items_of
from tools.web.answers import Refused
from tools.web.forms.normal import lead_form
from tools.web.forms.reading import payload_of
from tools.web.forms.registry import sample_body, samples_of, vendors
from tools.web.forms.vendor import Delivery
from tools.web.intake import to_form

PAYLOADS = [
    pytest.param(vendor, payload_of(*sample_body(path), vendor.bodies), id=f"{vendor.name}/{path.name}")
    for vendor in vendors().values()
    for path in samples_of(vendor)
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def places(held: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in the payload, as the names that lead to it."""
    found = [at] if at else []
    if isinstance(held, dict):
        for name, inner in held.items():
            found += places(inner, (*at, name))
    elif isinstance(held, list):
        for number, inner in enumerate(held):
            found += places(inner, (*at, number))
    return found


def replaced(held: Any, at: tuple[Any, ...], value: Any) -> Any:
    if not at:
        return value
    copy = held.copy()
    copy[at[0]] = replaced(held[at[0]], at[1:], value)
    return copy


@pytest.mark.parametrize(("vendor", "payload"), PAYLOADS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_value_at_any_place_is_read_or_refused(vendor: Any, payload: dict[str, Any], data: st.DataObject):
    if vendor.name in ("jotform", "unbounce"):  # the fields stand as text inside
        name = "rawRequest" if vendor.name == "jotform" else "data.json"
        payload = payload | {name: orjson.loads(payload[name])}
    for _ in range(data.draw(st.integers(1, 3))):
        payload = replaced(payload, data.draw(st.sampled_from(places(payload))), data.draw(anything))
        if not places(payload):
            break
    try:
        items = items_of(vendor, payload)
        forms = [to_form(lead_form(vendor, item)) for item in items if isinstance(item, Delivery)]
    except Refused as refused:
        assert refused.status == 422
        assert refused.fields
        return
    assert items
    for form in forms:
        assert orjson.dumps(form.__dict__)
