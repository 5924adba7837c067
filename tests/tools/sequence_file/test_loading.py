from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.domain.sequence import END
from tests.fixtures.nurture import FILE, file_of, shipped
from tools.routing_file import RoutingFileError
from tools.sequence_file import LiveSequences, load, parse, restored, schema_text

MAIL = {"id": "mail", "do": "EMAIL", "template": "hello"}
WAIT = {"id": "wait", "do": "WAIT", "for": "1d"}


def fault_of(*steps: dict[str, Any], **more: Any) -> str:
    with pytest.raises(RoutingFileError) as raised:
        file_of(list(steps), **more)
    return str(raised.value)


def test_the_shipped_file_is_good_by_parser_and_schema_and_names_the_sequence_of_the_routing_file():
    assert list(shipped().sequences) == ["low_score_nurture"]
    plain = json.loads("".join(line.split(" //")[0] for line in FILE.read_text().splitlines() if "  //" not in line))
    jsonschema_rs.validate(json.loads(schema_text()), plain)
    assert FILE.with_name("sequences.schema.json").read_text() == schema_text()


def test_a_version_is_restored_as_it_was_from_what_is_kept():
    file = shipped()
    assert restored("low_score_nurture", file.kept["low_score_nurture"]) == file.sequences["low_score_nurture"]


def test_the_text_of_a_mail_is_part_of_the_version():
    assert file_of([MAIL], mail="Subject: a\n\nb").digest != file_of([MAIL], mail="Subject: a\n\nc").digest


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([{**WAIT, "next": "wait"}], "steps[0].next: leads back to 'wait'"),
        ([MAIL, {**WAIT, "next": "mail"}], "steps[1].next: leads back to 'mail'"),
        ([{**WAIT, "next": "nowhere"}], "there is no step 'nowhere'"),
        ([{**WAIT, "next": "END"}, MAIL], "steps[1].id: no step leads to 'mail'"),
        ([WAIT, WAIT], "'wait' is the id of step 1 too"),
        ([{"id": "w", "do": "WAIT"}], "waits for nothing"),
        ([MAIL, WAIT], "steps[1].do: 'wait' is a WAIT that nothing comes after"),
        ([{**WAIT, "next": "END"}], "steps[0].do: 'wait' is a WAIT that nothing comes after"),
        ([{**WAIT, "until_day": 3}], "a WAIT has for or until_day, not both"),
        ([{**WAIT, "for": "soon"}], "steps[0].for: String should match pattern"),
        ([{"id": "s", "do": "SMS", "text": "hi"}], "SMS needs a provider of text messages"),
        ([{"id": "c", "do": "CONDITION", "if": {}, "then": "END", "else": "END"}], "steps[0].if: is empty"),
        ([{"id": "c", "do": "CONDITION", "if": {"liked": True}, "then": "END", "else": "END"}], "if.liked: is no key"),
        ([{"id": "t", "do": "TASK"}], "steps[0].subject: is missing"),
        ([{"id": "x", "do": "CALL"}], "steps[0]: Input tag 'CALL'"),
    ],
)
def test_what_is_wrong_is_said_by_line_and_field(steps: list[dict[str, Any]], said: str):
    assert said in fault_of(*steps)
    assert "(line 1, column " in fault_of(*steps)


def test_zone_and_hours_are_checked():
    assert "zone: 'Mars' is no time zone" in fault_of(MAIL, zone="Mars")
    assert "hours.until: ends before it begins" in fault_of(MAIL, hours={"from": "18:00", "until": "09:00"})


def test_a_mail_that_is_not_there_or_cannot_be_filled_in_is_a_fault_of_the_step(tmp_path: Path):
    shutil.copytree(FILE.parent / "mails", tmp_path / "mails")
    shutil.copy(FILE, tmp_path / "sequences.json")
    (tmp_path / "mails" / "welcome.md").write_text("Subject: x\n\n{first_name}")
    (tmp_path / "mails" / "guide.md").unlink()
    with pytest.raises(RoutingFileError) as raised:
        load(tmp_path / "sequences.json")
    assert "steps[1].template: mails/welcome.md, line 3: {first_name} may be empty" in str(raised.value)
    assert "steps[3].template: there is no mails/guide.md" in str(raised.value)


@given(st.lists(st.sampled_from(["a", "b", "c", "d", "END"]), min_size=8, max_size=8))
@settings(max_examples=200, deadline=None)
def test_in_a_file_that_loads_every_path_ends(targets: list[str]):
    steps = [
        {"id": name, "do": "CONDITION", "if": {"clicked": True}, "then": targets[2 * n], "else": targets[2 * n + 1]}
        for n, name in enumerate("abcd")
    ]
    try:
        (sequence,) = parse(json.dumps({"sequences": {"s": {"steps": steps}}}), str).sequences.values()
    except RoutingFileError:
        return
    ahead = {sequence.first}
    for _ in range(len(steps) + 1):
        ahead = {target for name in ahead if (step := sequence.step(name)) for target in (step.next, step.otherwise)}
    assert ahead - {END} == set()


def test_a_bad_edit_keeps_the_last_good_version_and_says_so(tmp_path: Path):
    shutil.copytree(FILE.parent / "mails", tmp_path / "mails")
    path = tmp_path / "sequences.json"
    shutil.copy(FILE, path)
    now, loaded = [0.0], []
    live = LiveSequences(path, lambda: now[0], on_load=loaded.append)
    good = live.current()
    path.write_text("{")
    now[0] = 1.0
    assert live.current() is good
    assert live.fault is not None
    assert "sequences.json is not used" in live.fault
    shutil.copy(FILE, path)
    (tmp_path / "mails" / "guide.md").write_text("Subject: New\n\nNew words.")
    now[0] = 2.0
    assert live.current().digest != good.digest
    assert live.fault is None
    assert len(loaded) == 2


def test_times_of_the_preview_are_those_of_the_steps():
    from graph.domain.sequence import Addressee
    from graph.rules.sequences.preview import plan

    person = Addressee("ld", "a@b.example", "US", "US-CA", None, 0.1, "low", {})
    planned = plan(shipped().sequences["low_score_nurture"], person, datetime(2026, 3, 2, 18, tzinfo=UTC))
    assert [one.step for one in planned] == ["welcome", "guide", "interest", "question", "revisit"]
    assert [one.at.day for one in planned if one.do == "EMAIL"] == [3, 9, 23]
