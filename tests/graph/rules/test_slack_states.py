"""Every state of a message in Slack, and everything in its thread, is one that Slack takes: for any brief, whatever anybody
typed. The table is in tests/fixtures/slack_states.py, Slack's limits in slack_limits.py."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.domain.brief import Brief, Bullet, Part
from graph.rules.blocks import message_of
from graph.rules.brief import brief_of
from tests.fixtures.alerts import LEAD, NOW, PROFILE, SIMILAR, decision
from tests.fixtures.hostile_texts import HOSTILE
from tests.fixtures.slack_limits import faults_of
from tests.fixtures.slack_states import STATES, lines_of, notes_of
from tools.routing_file import parse

DEE = "dee@company.com"
TABLE = parse(json.dumps({
    "DEFAULT": "general@company.com",
    "slas": {"hot": {"accept": "5m", "then": ["next", "manager"]}},
    "people": {"dee": {"email": DEE, "manager": "rita"}, "rita": {"email": "rita@company.com"}},
    "rules": [{"id": "all", "to": "dee", "sla": "hot"}],
}))  # fmt: skip
HUGE = {
    "letters": "x" * 5_000,
    "ampersands": "&" * 5_000,
    "emoji": "🦊" * 5_000,
    "quotes": '"' * 5_000,
    "lines": "a\n" * 2_000,
}
TEXTS = (
    HUGE
    | {f"hostile: {name}": text for name, text in HOSTILE.items()}
    | {"plain": "need tracing before Q3", "empty": ""}
)


def brief_with(text: str) -> Brief:
    """A brief whose every outside word is this text."""
    lead = replace(
        LEAD, message=text, full_name=text, title=text, company=text, source=text, product=text, industry=text
    )
    profile = replace(PROFILE, name=text, parent_name=text, city=text, industry=text)
    similar = tuple(replace(one, name=text, reason=text) for one in SIMILAR)
    return brief_of(**decision(lead=lead, profile=profile, similar=similar, unavailable=("crm", "similar")))


def shown(brief: Brief, text: str) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Everything that Slack is sent about this brief: (what, body, whether it has metadata of its own)."""
    first = message_of(brief)
    yield from ((state, change(first, DEE, text or "conflict"), True) for state, change in STATES.items())
    yield from ((f"thread of {name}", body, False) for name, body in notes_of(brief, TABLE, text).items())
    yield from ((name, body, True) for name, body in lines_of(brief, text or "Acme", 12).items())


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_state_goes_beyond_slacks_limits(text: str):
    found = {what: faults_of(body, metadata=own) for what, body, own in shown(brief_with(text), text)}
    assert {what: faults for what, faults in found.items() if faults} == {}


pieces = st.lists(st.one_of(st.sampled_from([*HOSTILE.values(), *HUGE.values()]), st.text(max_size=400)), max_size=6)


@settings(max_examples=40, deadline=None)
@given(text=pieces.map(" ".join), bullets=st.lists(st.lists(pieces.map("".join), max_size=5), max_size=60))
def test_no_brief_at_all_goes_beyond_them(text: str, bullets: list[list[str]]):
    kinds = ("text", "quote", "code", "own", "link", "time")
    made = tuple(
        Bullet(f"Fact {at}", tuple(
            Part(kinds[n % 6], part or "x", f"https://example.org/{part[:4000]}", NOW) for n, part in enumerate(parts)
        ))
        for at, parts in enumerate(bullets)
    )  # fmt: skip
    brief = replace(
        brief_with("plain"), bullets=made, header=text or "x", summary=text or "x", asked=text, owner=text or DEE,
        wait=text, clock=text, crm_url=f"https://example.org/{text}", lead_id="l" * 40, assignment=2**31,
    )  # fmt: skip
    found = {what: faults_of(body, metadata=own) for what, body, own in shown(brief, text)}
    assert {what: faults for what, faults in found.items() if faults} == {}


OWN = re.compile(r"<!date\^\d+\^[^|<>]+\|[^<>]+>|<@U01DEE>|<http://127\.0\.0\.1:8000/[^|<>]*\|")
LIVE = re.compile(r"<|@\w|#\w|://|[^\W\d_]\.[^\W\d_]{2}")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_nothing_that_a_stranger_typed_is_live_in_any_state(text: str):
    for what, body, _ in shown(brief_with(text), text):
        for said in texts_of(body):
            rest = OWN.sub(" ", said).replace("`accounts.acme.com`", "").replace("routing.json", "")
            assert LIVE.search(rest) is None, (what, said)


def texts_of(body: dict[str, Any]) -> Iterator[str]:
    """Every mrkdwn of a message; plain text does nothing."""
    yield body["text"]
    for block in body.get("blocks", []):
        if block["type"] == "section":
            yield block["text"]["text"]
        if block["type"] == "context":
            yield from (element["text"] for element in block["elements"])


def test_a_message_keeps_its_lead_and_number_in_every_state_and_never_the_same_block_id():
    first, ids = message_of(brief_with("plain")), set()
    for state, change in STATES.items():
        message = change(first, DEE, "conflict")
        payload = message["metadata"]["event_payload"]
        assert (payload["lead_id"], payload["assignment"]) == ("ld_01J9", 3), state
        for block in message["blocks"]:
            if block["type"] == "actions":
                assert block["block_id"].startswith("lead:ld_01J9:3"), state
                ids.add((block["block_id"], str([e["action_id"] for e in block["elements"]])))
    assert len({block_id for block_id, _ in ids}) == len(ids)


def test_what_is_over_is_grey_as_far_as_slack_draws_grey():
    first = message_of(brief_with("plain"))
    for state in ("passed", "missed", "moved by new facts", "back to nurturing", "won", "lost", "no-show"):
        kinds = {block["type"] for block in STATES[state](first, DEE, "conflict")["blocks"]}
        assert kinds <= {"context", "actions"}, state


def test_the_thread_says_what_the_design_asks_for():
    brief = brief_of(**decision())
    said = {state: body["text"] for state, body in notes_of(brief, TABLE, "conflict: my brother").items()}
    assert said["assigned"] == (
        "Offered to Dee, to be accepted by <!date^1775570820^{time}|10:07 EDT>. How it was decided: "
        "<http://127.0.0.1:8000/inbox/why/ld_01J9?number=3|decision record>."
    )
    assert said["passed"] == (
        "Reason: conflict: my brother. Next owner: eli@\u200bcompany.\u200bcom. Ledger of the pool ent: "
        "Dee gets the turn back, 3 turns in all; Eli is charged a turn, 4 turns in all."
    )
    assert said["missed"].endswith("Ladder of hot: next (now Eli), then manager, then DEFAULT.")
    assert said["new facts"].endswith("Tier high now, medium before (up: VP +9).")
    assert "Was the score right?" in said["won"]


def test_the_score_is_judged_by_one_tap():
    body = notes_of(brief_of(**decision()), TABLE, "Dee")["won"]
    buttons = body["blocks"][1]["elements"]
    assert [(b["action_id"], b["text"]["text"], b["value"]) for b in buttons] == [
        ("lead.right.yes", "Yes", "ld_01J9:3"),
        ("lead.right.no", "No", "ld_01J9:3"),
    ]


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(message: dict[str, Any]) -> None:
        *steps, last = path.split(".")
        held: Any = message
        for step in steps:
            held = held[int(step)] if step.isdigit() else held[step]
        held[int(last) if last.isdigit() else last] = value

    return change


BROKEN = {
    "no text": _set("text", " "),
    "long text": _set("text", "x" * 5_000),
    "no metadata": lambda message: message.pop("metadata"),
    "large metadata": _set("metadata.event_payload", {"x": "y" * 3_000}),
    "metadata without a type": _set("metadata", {"event_payload": {}}),
    "long header": _set("blocks.0.text.text", "x" * 151),
    "header of emoji": _set("blocks.0.text.text", "🦊" * 76),
    "header with mark-up": _set("blocks.0.text.type", "mrkdwn"),
    "empty section": _set("blocks.2.text.text", ""),
    "long section": _set("blocks.2.text.text", "x" * 3_001),
    "long block_id": _set("blocks.3.block_id", "x" * 256),
    "long value": _set("blocks.3.elements.0.value", "x" * 2_001),
    "long button": _set("blocks.3.elements.0.text.text", "x" * 76),
    "long option": _set("blocks.3.elements.4.options.0.text.text", "x" * 76),
    "no options": _set("blocks.3.elements.4.options", []),
    "long url": _set("blocks.3.elements.3.url", "https://" + "x" * 3_000),
    "26 buttons": lambda m: m["blocks"][3]["elements"].extend(dict(m["blocks"][3]["elements"][0]) for _ in range(22)),
    "51 blocks": lambda m: m["blocks"].extend({"type": "divider"} for _ in range(50)),
    "too much in all": lambda m: m["blocks"].extend(copy.deepcopy(m["blocks"][2]) for _ in range(30)),
    "a block twice": lambda m: m["blocks"].append(dict(m["blocks"][3])),
    "unknown block": _set("blocks.1.type", "video"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_the_checker_sees_each_breach(broken: Callable[[dict[str, Any]], None]):
    message = copy.deepcopy(message_of(brief_of(**decision())))
    assert faults_of(message) == []
    broken(message)
    assert faults_of(message) != []
