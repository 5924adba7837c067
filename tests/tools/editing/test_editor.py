"""An edit goes live whole, in order, with its author; nobody's edit is lost."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.tools.editing.conftest import FLAT, FULL, Room, written
from tools.editing import writing
from tools.editing.results import Result
from tools.routing_file import load
from tools.saving import write_atomically
from tools.store.routing_changes import FILE, changes_in, find_change
from tools.store.routing_versions import version_text


def guarded(**guards: object) -> str:
    return written(FULL | {"guards": guards})


def test_an_applied_edit_is_on_disk_with_the_next_number_and_its_author(room: Room):
    draft = room.changed('"to": "ben"', '"to": "rita"')
    result = room.apply(draft, reason="Ben leaves")
    assert (result.outcome, result.done) == ("applied", True)
    assert room.text == draft.replace('"version": 7', '"version": 8'), "comments and layout stay"
    newest, first = room.history
    assert (newest.author, newest.reason, newest.version, newest.state) == ("ana@company.com", "Ben leaves", 8, "live")
    assert (newest.digest, newest.base, newest.position) == (load(room.path).digest, first.digest, 2)
    assert (first.author, first.version, first.position) == (FILE, 7, 1)
    assert version_text(room.engine, newest.digest) == room.text


def test_a_draft_that_says_what_is_live_changes_nothing(room: Room):
    assert room.apply(room.text).outcome == "unchanged"
    room.apply(room.changed('"to": "ben"', '"to": "rita"'))
    assert room.apply(room.text).outcome == "unchanged"
    assert len(room.history) == 2


def test_a_flat_map_gets_a_number_with_its_first_edit(room: Room):
    room.by_hand(FLAT)
    draft = FLAT.replace("us@company.com", "us2@company.com")
    assert room.apply(draft).outcome == "applied"
    assert json.loads(room.text) == {"US": "us2@company.com", "DEFAULT": "general@company.com", "version": 2}
    other = FLAT.replace("general@", "desk@")
    assert room.apply(other).outcome == "applied", "made from the only version without a number"
    assert json.loads(room.text) == {"US": "us2@company.com", "DEFAULT": "desk@company.com", "version": 3}


def test_edits_of_two_people_are_merged(room: Room):
    start = room.text
    room.apply(room.changed('"to": "ben"', '"to": "rita"'))
    result = room.apply(room.changed("de@company.com", "berlin@company.com", start), "ben")
    assert result.outcome == "applied"
    assert "Merged with what was live by then" in result.message
    table = load(room.path)
    assert (table.rules[1].to.person, table.version) == ("rita", 9)
    assert next(entry.to.email for entry in table.map if entry.key == "DE") == "berlin@company.com"


def test_a_conflict_is_named_and_nothing_is_written(room: Room):
    start = room.text
    room.apply(room.changed('"to": "ben"', '"to": "rita"'))
    before = room.text
    result = room.apply(room.changed('"to": "ben"', '"to": "ana"', start), "ben")
    assert (result.outcome, room.text, len(room.history)) == ("conflict", before, 2)
    assert any("big" in conflict for conflict in result.conflicts)


def test_a_hand_edit_on_disk_is_a_version_and_is_merged_too(room: Room):
    room.editor.reconcile()
    draft = room.changed('"to": "ben"', '"to": "rita"')
    first = room.history[0].digest
    room.by_hand(room.changed("us@company.com", "boston@company.com"))
    assert room.apply(draft).outcome == "conflict", "it could as well be made from the new text, and take Boston back"
    assert room.apply(draft, base=first).outcome == "applied"
    assert "boston@company.com" in room.text
    assert [change.author for change in room.history] == ["ana@company.com", FILE, FILE]


def test_when_a_number_means_two_texts_that_matter_a_person_says_which(room: Room):
    room.editor.reconcile()
    first = room.history[0].digest
    room.by_hand(room.changed('"to": "ben"', '"to": "rita"'))
    room.editor.reconcile()
    back = room.changed('"to": "rita"', '"to": "ben"')
    result = room.apply(back + "\n// on purpose\n")
    assert result.outcome == "conflict"
    assert first[:12] in result.message
    assert room.history[0].digest[:12] in result.message
    assert room.apply(back, base=room.history[0].digest[:12]).outcome == "applied"
    assert load(room.path).rules[1].to.person == "ben"


@pytest.mark.parametrize(
    ("base", "told"), [("abcd", "8 or more digits"), ("0" * 12, "names no version"), ("%" * 12, "names no version")]
)
def test_a_base_that_nobody_knows_is_refused(room: Room, base: str, told: str):
    result = room.apply(room.changed('"to": "ben"', '"to": "rita"'), base=base)
    assert (result.outcome, told in result.message) == ("conflict", True)


def test_a_number_that_was_never_live_is_refused(room: Room):
    result = room.apply(room.changed('"version": 7', '"version": 99'))
    assert result.outcome == "conflict"
    assert "version 99" in result.message


@pytest.mark.parametrize(
    ("old", "new", "outcome", "finding"),
    [
        ('"to": "ben"', '"to": "bne"', "invalid", 'did you mean "ben"?'),
        ('"to": "ana"', '"to": "ben"', "stopped", "the test fails"),
    ],
)
def test_a_draft_that_is_not_good_is_refused_and_no_override_helps(
    room: Room, old: str, new: str, outcome: str, finding: str
):
    before = room.text
    result = room.apply(room.changed(old, new), override="I know better")
    assert (result.outcome, room.text) == (outcome, before)
    assert any(finding in told for told in result.findings)


def test_a_merge_that_fails_its_tests_is_refused(room: Room):
    start = room.text
    test = '{"name": "big", "lead": {"employees": 5000}, "expect": {"owner": "ben"}}'
    assert room.apply(room.changed('"tests": [', f'"tests": [{test},')).outcome == "applied"
    result = room.apply(room.changed('"to": "ben"', '"to": "rita"', start), "ben")
    assert result.outcome == "stopped"
    assert "others made meanwhile" in result.message


def test_an_edit_on_top_of_a_broken_file_is_refused_and_a_rollback_helps(room: Room):
    room.editor.reconcile()
    good, draft = room.text, room.changed('"to": "ben"', '"to": "rita"')
    room.by_hand('{"US": "half an ed')
    result = room.apply(draft)
    assert (result.outcome, "rules rollback" in result.message, bool(result.findings)) == ("invalid", True, True)
    assert room.editor.rollback(room.history[0], "ana", "").outcome == "applied"
    assert room.text == good.replace('"version": 7', '"version": 8')
    (kept,) = changes_in(room.engine, ["refused"])
    assert version_text(room.engine, kept.digest) == '{"US": "half an ed'


def test_a_rollback_is_a_new_version_with_the_old_text(room: Room):
    old = room.text
    room.apply(room.changed('"to": "ben"', '"to": "rita"'))
    result = room.editor.rollback(room.history[1], "rita", "it was wrong")
    assert (result.outcome, result.plan is not None) == ("applied", True)
    assert room.text == old.replace('"version": 7', '"version": 9')
    assert (room.history[0].author, room.history[0].reason) == ("rita@company.com", "it was wrong")


def test_who_edits_is_known_and_says_why(room: Room):
    draft = room.changed('"to": "ben"', '"to": "rita"')
    assert "did you mean rita" in room.apply(draft, "ritta").message
    assert room.apply(draft, "  ").outcome == "invalid"
    assert room.apply(draft, "file").outcome == "invalid"
    assert "--reason" in room.apply(draft, reason=" ").message
    assert room.apply(draft, "Kim@Company.com").outcome == "applied"
    assert room.history[0].author == "kim@company.com"


def test_approvals_come_from_others_and_each_counts_once(room: Room):
    room.by_hand(guarded(approvals={"rules": 2}))
    before = room.text
    result = room.apply(room.changed('"to": "ben"', '"to": "rita"'))
    assert (result.outcome, room.text, result.change) == ("proposed", before, 2)
    assert "2 approvals by others than ana@company.com" in result.message
    assert "somebody else" in room.editor.approve(2, "ANA@company.com").message
    assert room.editor.approve(2, "ben").outcome == "proposed"
    assert room.editor.approve(2, "ben@company.com").outcome == "proposed"
    done = room.editor.approve(2, "rita")
    assert (done.outcome, load(room.path).rules[1].to.person) == ("applied", "rita")
    assert [each.by for each in room.history[0].approvals] == ["ben@company.com", "rita@company.com"]
    assert room.editor.approve(2, "kim@company.com").outcome == "invalid"
    assert room.editor.approve(99, "rita").outcome == "invalid"


def test_an_edit_of_other_sections_needs_no_approval_and_one_of_the_guards_the_most(room: Room):
    room.by_hand(guarded(approvals={"rules": 2, "accounts": 1}))
    assert room.apply(room.changed("us@company.com", "boston@company.com")).outcome == "applied"
    assert (
        "1 approval by"
        in room.apply(room.changed('"acme.com": {', '"new.com": {"owner": "ben"}, "acme.com": {')).message
    )
    assert "2 approvals by" in room.apply(room.changed('"rules": 2', '"rules": 0')).message


def test_an_approved_edit_goes_on_top_of_what_is_live_by_then(room: Room):
    room.by_hand(guarded(approvals={"rules": 1}))
    room.apply(room.changed('"to": "ben"', '"to": "rita"'))
    room.apply(room.changed("us@company.com", "boston@company.com"), "ben")
    assert room.editor.approve(2, "ben").outcome == "applied"
    assert load(room.path).rules[1].to.person == "rita"
    assert "boston@company.com" in room.text


def test_a_scheduled_edit_goes_live_at_its_time(room: Room):
    draft = room.changed('"to": "ben"', '"to": "rita"')
    result = room.apply(draft, effective_at=room.now + timedelta(hours=1))
    assert (result.outcome, room.editor.run_due(), "rita" in room.text) == ("scheduled", [], True)
    assert load(room.path).rules[1].to.person == "ben"
    room.later(hours=1)
    (done,) = room.editor.run_due()
    assert (done.outcome, load(room.path).rules[1].to.person, room.history[0].live_at) == ("applied", "rita", room.now)
    assert room.editor.run_due() == []


def test_a_time_that_has_passed_is_a_slip_and_nothing_goes_live(room: Room):
    draft, before = room.changed('"to": "ben"', '"to": "rita"'), room.text
    result = room.apply(draft, effective_at=room.now - timedelta(hours=1))
    assert (result.outcome, room.text) == ("invalid", before)
    assert result.message == "2026-04-07 13:00 UTC is past: name a time to come, or none for now."


def test_one_that_is_approved_after_its_time_goes_live_at_once(room: Room):
    room.by_hand(guarded(approvals={"rules": 1}))
    room.apply(room.changed('"to": "ben"', '"to": "rita"'), effective_at=room.now + timedelta(hours=1))
    room.later(hours=2)
    assert room.editor.approve(2, "ben").outcome == "applied"


def test_who_cancels_is_known_unless_the_file_cannot_be_read(room: Room):
    draft = room.changed('"to": "ben"', '"to": "rita"')
    change = room.apply(draft, effective_at=room.now + timedelta(hours=1)).change
    assert "did you mean rita" in room.editor.cancel(change, "ritta").message
    room.by_hand("{")
    assert room.editor.cancel(change, "").outcome == "invalid"
    assert room.editor.cancel(change, "rita").outcome == "cancelled"


def test_a_scheduled_edit_that_conflicts_by_then_is_refused_where_people_see_it(room: Room):
    room.apply(room.changed('"to": "ben"', '"to": "rita"'), effective_at=room.now + timedelta(hours=1))
    room.apply(room.changed('"to": "ben"', '"to": "kim@company.com"'), "ben")
    room.later(hours=2)
    before = room.text
    (result,) = room.editor.run_due()
    assert (result.outcome, room.text) == ("conflict", before)
    (refused,) = changes_in(room.engine, ["refused"])
    assert "big" in (refused.note or "")
    assert room.editor.cancel(refused.id, "ana").outcome == "cancelled"


def test_what_waits_can_be_cancelled_and_what_is_live_cannot(room: Room):
    room.apply(room.changed('"to": "ben"', '"to": "rita"'), effective_at=room.now + timedelta(hours=1))
    assert room.editor.cancel(2, " ").outcome == "invalid"
    assert room.editor.cancel(2, "ben").outcome == "cancelled"
    assert room.editor.cancel(1, "ben").outcome == "invalid"
    room.later(hours=2)
    assert room.editor.run_due() == []


def test_of_many_processes_one_applies_what_is_due(room: Room):
    for hours, person in ((1, "rita"), (2, "ana")):
        room.apply(room.changed('"to": "ben"', f'"to": "{person}"'), effective_at=room.now + timedelta(hours=hours))
        room.by_hand(room.text)
    room.editor.cancel(3, "ana")
    room.later(hours=3)
    with ThreadPoolExecutor(8) as threads:
        results = [r for found in threads.map(lambda _: room.editor.run_due(), range(8)) for r in found]
    assert [result.outcome for result in results].count("applied") == 1
    assert [change.position for change in room.history] == [2, 1]


def test_edits_at_the_same_moment_all_end_in_the_file(room: Room):
    start = room.text
    keys = ["FR", "GB", "CA", "JP", "BR", "IN"]
    drafts = [start.replace('"US": ', f'"{key}": "{key.lower()}@company.com", "US": ') for key in keys]
    barrier = threading.Barrier(len(keys))

    def go(draft: str) -> Result:
        barrier.wait()
        return room.apply(draft, "kim@company.com")

    with ThreadPoolExecutor(len(keys)) as pool:
        assert {result.outcome for result in pool.map(go, drafts)} == {"applied"}
    assert {entry.key for entry in load(room.path).map} == {"US", "DE", *keys}
    assert [change.version for change in room.history] == [13, 12, 11, 10, 9, 8, 7]


def test_a_hand_edit_in_the_middle_of_an_apply_is_not_lost(room: Room, monkeypatch: pytest.MonkeyPatch):
    draft = room.changed('"to": "ben"', '"to": "rita"')
    edits = iter([room.changed("us@company.com", "boston@company.com")])
    kept = writing.Disk.content

    calls = iter(range(99))

    def content(disk: writing.Disk) -> bytes:
        if next(calls) == 1:  # the first is at the beginning, the second right before the file is written
            room.by_hand(next(edits))
        return kept(disk)

    room.editor.reconcile()
    first = room.history[0].digest
    monkeypatch.setattr(writing.Disk, "content", content)
    assert room.apply(draft, base=first).outcome == "applied"
    assert "boston@company.com" in room.text
    assert load(room.path).rules[1].to.person == "rita"


class Killed(BaseException):
    """As if the process had ended here."""


@pytest.mark.parametrize("written_first", [False, True])
@pytest.mark.parametrize("scheduled", [False, True])
def test_a_process_that_is_killed_while_writing_leaves_an_edit_whole_or_not_made(
    room: Room, monkeypatch: pytest.MonkeyPatch, written_first: bool, scheduled: bool
):
    draft = room.changed('"to": "ben"', '"to": "rita"')
    if scheduled:
        room.apply(draft, effective_at=room.now + timedelta(hours=1))
        room.later(hours=2)

    def dying(path: object, text: str) -> None:
        if written_first:
            write_atomically(path, text)  # type: ignore[arg-type]
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(writing, "write_atomically", dying)
        with pytest.raises(Killed):
            _ = room.editor.run_due() if scheduled else room.apply(draft)
    room.editor.reconcile()
    change = find_change(room.engine, 2)
    assert change is not None
    if written_first:
        assert (change.state, change.position, load(room.path).rules[1].to.person) == ("live", 2, "rita")
    else:
        assert change.state == ("scheduled" if scheduled else "refused")
        outcomes = [r.outcome for r in room.editor.run_due()] if scheduled else [room.apply(draft).outcome]
        assert outcomes == ["applied"]
    assert load(room.path).rules[1].to.person == "rita"
    assert [found.position for found in room.history] == [2, 1]


def test_a_disk_that_does_not_take_it_is_said(room: Room, monkeypatch: pytest.MonkeyPatch):
    def full(_path: object, _text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "write_atomically", full)
    result = room.apply(room.changed('"to": "ben"', '"to": "rita"'))
    assert (result.outcome, "No space left on device" in result.message) == ("invalid", True)
    assert changes_in(room.engine, ["writing"]) == []
