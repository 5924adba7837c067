"""A live routing file, a store, and an editor with a clock that moves when told."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tools.editing.editor import Editor
from tools.editing.results import Edit, Result
from tools.store.routing_changes import RoutingChange, live_changes

FLAT = '{\n  "US": "us@company.com",\n  "DEFAULT": "general@company.com"\n}\n'
FULL: dict[str, Any] = {
    "US": "us@company.com",
    "DE": "de@company.com",
    "DEFAULT": "general@company.com",
    "version": 7,
    "people": {
        "ana": {"email": "ana@company.com"},
        "ben": {"email": "ben@company.com"},
        "rita": {"email": "rita@company.com"},
    },
    "accounts": {"acme.com": {"owner": "ana"}},
    "rules": [
        {"id": "partner", "if": {"source": "partner_referral"}, "to": "ana"},
        {"id": "big", "if": {"employees": ">=1000"}, "to": "ben"},
    ],
    "tests": [{"name": "partners", "lead": {"source": "partner_referral"}, "expect": {"owner": "ana"}}],
}


def written(file: dict[str, Any]) -> str:
    return "// the truth that routes\n" + json.dumps(file, indent=2) + "\n"


@dataclass
class Room:
    engine: Engine
    path: Path
    now: datetime = datetime(2026, 4, 7, 14, tzinfo=UTC)
    results: list[Result] = field(default_factory=list)

    @property
    def editor(self) -> Editor:
        return Editor(self.engine, self.path, lambda: self.now)

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def by_hand(self, text: str) -> None:
        """As an editor saves: beside, then over the old one."""
        beside = self.path.with_suffix(".new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(self.path)

    def apply(self, text: str, author: str = "ana", **more: Any) -> Result:
        return self.editor.apply(Edit(text, author, more.pop("reason", "because"), **more))

    def changed(self, old: str, new: str, text: str | None = None) -> str:
        held = self.text if text is None else text
        assert held.count(old) == 1, (old, held)
        return held.replace(old, new)

    @property
    def history(self) -> list[RoutingChange]:
        return live_changes(self.engine)


@pytest.fixture
def room(database: Engine, tmp_path: Path) -> Room:
    path = tmp_path / "live" / "routing.json"
    path.parent.mkdir()
    path.write_text(written(FULL), encoding="utf-8")
    return Room(database, path)
