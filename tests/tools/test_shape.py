"""A shape is a TypeAdapter that waits until it is asked."""

from datetime import date

import pytest
from pydantic import TypeAdapter, ValidationError

from tools import shape
from tools.shape import Shape


def test_it_is_built_once_when_it_is_first_used(monkeypatch: pytest.MonkeyPatch):
    built = []
    monkeypatch.setattr(shape, "TypeAdapter", lambda what: built.append(what) or TypeAdapter(what))
    days: Shape[list[date]] = Shape(list[date])
    assert built == []
    assert days.validate_json('["2026-03-01"]') == days.validate_python([date(2026, 3, 1)]) == [date(2026, 3, 1)]
    assert days.dump_json([date(2026, 3, 1)]) == b'["2026-03-01"]'
    assert built == [list[date]]
    with pytest.raises(ValidationError):
        days.validate_python("soon")
