"""What infra/docs/webhooks.md tells receivers is run and compared with the code."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs

from graph.domain.announcing import EVENTS
from tests.fixtures.router import ROOT
from tools.outgoing.schemas import schema_of
from tools.outgoing.sealing import OLD_VALID_H, checked_secret
from tools.outgoing.sending import signed
from tools.settings import Settings
from tools.store.announcing import LATE_S
from tools.stream.dispatcher import SCHEDULES

DOC = (ROOT / "infra" / "docs" / "webhooks.md").read_text(encoding="utf-8")


def test_the_receiver_of_the_page_takes_a_message_once_and_refuses_a_forged_one():
    (code,) = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
    worked: list[tuple[str, Any]] = []
    world: dict[str, Any] = {"work_on": lambda event, data: worked.append((event, data))}
    exec(code, world)
    checked_secret(world["SECRET"])
    (example,) = re.findall(r"```json\n(.*?)```", DOC, re.DOTALL)
    body = example.encode()
    headers = signed("msg_1", body, [world["SECRET"]], datetime.now(UTC))
    assert [world["receive"](body, headers) for _ in range(2)] == [204, 204]
    assert [event for event, _ in worked] == ["lead.decided"]
    assert world["receive"](body + b" ", headers) == 401
    assert world["receive"](body, headers | {"webhook-id": "msg_2"}) == 401
    assert len(worked) == 1


def test_the_message_of_the_page_is_one():
    (example,) = re.findall(r"```json\n(.*?)```", DOC, re.DOTALL)
    jsonschema_rs.validator_for(schema_of("lead.decided")).validate(json.loads(example))


def test_every_event_is_on_the_page():
    for event in (*EVENTS, "ping"):
        assert f"`{event}`" in DOC, event


def test_the_figures_of_the_page_are_those_of_the_code():
    plain = Settings(_env_file=None)
    shown = [f"{seconds / 3600:g}" for seconds in SCHEDULES["send_webhook"][3:]]
    assert SCHEDULES["send_webhook"][:3] == (5, 300, 1800)
    assert f"5 s, 5 min, 30 min, {', '.join(shown[:-1])} and {shown[-1]} hours" in DOC
    for name, value in (
        ("WEBHOOKS_WAIT_D` days", plain.webhooks_wait_d),
        ("WEBHOOKS_DEADLINE_S` seconds", plain.webhooks_deadline_s),
        ("WEBHOOKS_SIDE_BY_SIDE` messages", plain.webhooks_side_by_side),
        ("WEBHOOKS_OFF_AFTER_D` days", plain.webhooks_off_after_d),
    ):
        assert f"{name} ({value:g})" in DOC, name
    assert f"`WEBHOOKS_KEPT_D`, {plain.webhooks_kept_d:g} days" in DOC
    assert f"after {LATE_S:g} seconds at the latest" in DOC
    assert f"for {OLD_VALID_H} hours the old one" in DOC
