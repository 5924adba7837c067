"""Any payload becomes flat fields."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.web.forms.flattening import LONGEST_NAME, MOST_FIELDS, flatten, no_mapping


@pytest.mark.parametrize(
    ("payload", "flat"),
    [
        ({"values": [{"name": "email", "value": "a@b.de"}]}, {"email": "a@b.de"}),
        ({"user_column_data": [{"column_id": "CITY", "string_value": "Kiel"}]}, {"CITY": "Kiel"}),
        ({"field_data": [{"name": "size", "values": ["200", "500"]}]}, {"size": "200, 500"}),
        ({"qa": [{"question": "Size?", "answer": "200", "position": 0}]}, {"Size?": "200"}),
        ({"data": {"email": ["a@b.de"], "utm": {"source": "x"}}}, {"data.email": "a@b.de", "data.utm.source": "x"}),
        ({"properties": {"email": {"value": "a@b.de", "versions": []}}}, {"properties.email": "a@b.de"}),
        ({"raw": '{"email": "a@b.de", "n": 5}'}, {"raw.email": "a@b.de", "raw.n": 5}),
        ({"raw": "{no json}", "a": "", "b": None, "c": False, "d": []}, {"raw": "{no json}", "c": False}),
        ([{"a": 1}, {"a": 2}], {"0.a": 1, "1.a": 2}),
        ([{"name": "t", "value": "x"}, {"name": "t", "value": "y"}, {"name": "t", "value": "y"}], {"t": "x, y"}),
        ("text", {"value": "text"}),
        (None, {}),
    ],
)
def test_each_shape_gives_fields_with_names(payload: Any, flat: dict[str, Any]):
    assert flatten(payload) == flat


def test_a_flood_of_fields_and_depth_is_cut_short():
    assert len(flatten({f"f{n}": n for n in range(5000)})) == MOST_FIELDS
    deep: Any = "end"
    for _ in range(300):
        deep = {"d": deep}
    assert flatten(deep) == {}
    assert list(flatten({"n" * 5000: 1})) == ["n" * LONGEST_NAME]


def test_without_a_saved_mapping_the_vendors_own_serves():
    assert no_mapping("typeform", {"email": "a@b.de"}) is None


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.just('{"value": [1, {"a": 2}]}'),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "value", "values", "id", "x", ""]), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(anything)
def test_any_value_is_flattened(payload: Any):
    flat = flatten(payload)
    assert all(isinstance(name, str) and isinstance(value, str | int | float | bool) for name, value in flat.items())
    assert all(value.strip() for value in flat.values() if isinstance(value, str))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1).filter(str.strip)))
def test_fields_that_are_flat_already_stay_as_they_are(fields: dict[str, str]):
    plain = {name: text for name, text in fields.items() if not text.startswith("{") and len(name) <= LONGEST_NAME}
    assert flatten(plain) == plain
    assert orjson.dumps(flatten(plain))
