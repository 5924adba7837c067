"""The matcher in use, and the files that it reads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from graph.ports import CompanyAsk
from tools.accounts.known import KnownAccount
from tools.accounts.matching import AccountIndex, LiveMatcher, build
from tools.accounts.matching.files import LAYOUT, MANIFEST, NotAnIndex
from tools.accounts.matching.live import CURRENT, LOOK_EVERY_S, NO_INDEX
from tools.accounts.matching.records import packed, unpacked

ASK = [CompanyAsk("acmerobo.com", None)]
ACCOUNT = KnownAccount("acmerobo.com", ("Acmerobo",), ("acmerobo.com",))
OTHER = KnownAccount("quatrix.com", ("Quatrix",), ("quatrix.com",))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_without_an_index_nothing_is_known(tmp_path: Path):
    matcher = LiveMatcher(tmp_path / "index", Clock())
    assert matcher.match(ASK) == [NO_INDEX]
    assert (matcher.accounts, matcher.fault) == (0, None)


def test_a_newer_index_is_taken_without_a_restart(tmp_path: Path):
    clock = Clock()
    matcher = LiveMatcher(tmp_path, clock)
    assert build(tmp_path, [ACCOUNT, OTHER]) == 2
    assert matcher.match(ASK)[0].code == "none", "it looks at most every few seconds"
    clock.now += LOOK_EVERY_S
    assert matcher.match(ASK)[0].key == "acmerobo.com"
    build(tmp_path, [OTHER])
    clock.now += LOOK_EVERY_S
    assert matcher.match(ASK)[0].code == "none"
    assert matcher.accounts == 1


def test_a_reader_keeps_its_index_while_newer_ones_are_built_and_old_ones_swept(tmp_path: Path):
    build(tmp_path, [ACCOUNT])
    old = LiveMatcher(tmp_path, lambda: 0.0)
    for _ in range(4):
        build(tmp_path, [OTHER])
    assert len(list(tmp_path.glob(f"*/{MANIFEST}"))) == 2
    assert old.match(ASK)[0].key == "acmerobo.com"


def test_a_build_that_fails_leaves_the_index_before_it_in_use(tmp_path: Path):
    build(tmp_path, [ACCOUNT])
    with pytest.raises(ValueError, match="merge them first"):
        build(tmp_path, [ACCOUNT, ACCOUNT])
    assert LiveMatcher(tmp_path, Clock()).match(ASK)[0].key == "acmerobo.com"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")], "nothing half-written stays"


def test_a_damaged_index_is_said_and_the_last_good_one_stays(tmp_path: Path):
    clock = Clock()
    build(tmp_path, [ACCOUNT])
    matcher = LiveMatcher(tmp_path, clock)
    build(tmp_path, [OTHER])
    newest = tmp_path / (tmp_path / CURRENT).read_text().strip()
    (newest / "domains.digests.npy").write_bytes(b"no array")
    clock.now += LOOK_EVERY_S
    assert matcher.match(ASK)[0].key == "acmerobo.com"
    assert matcher.fault is not None
    assert "build the index again" in matcher.fault


def test_an_index_of_another_layout_is_not_misread(tmp_path: Path):
    AccountIndex.build([ACCOUNT]).save(tmp_path / "one")
    manifest = json.loads((tmp_path / "one" / MANIFEST).read_text())
    (tmp_path / "one" / MANIFEST).write_text(json.dumps({**manifest, "layout": LAYOUT + 1}))
    with pytest.raises(NotAnIndex, match="layout"):
        AccountIndex.open(tmp_path / "one")
    with pytest.raises(FileExistsError):
        AccountIndex.build([ACCOUNT]).save(tmp_path / "one")


def test_an_opened_index_answers_as_the_one_that_was_saved(tmp_path: Path):
    index = AccountIndex.build([ACCOUNT, OTHER])
    index.save(tmp_path / "one")
    asks = [CompanyAsk("acmerobo.com", None), CompanyAsk(None, "Quatrix"), CompanyAsk("acmerobo.de", "Acmerobo")]
    assert AccountIndex.open(tmp_path / "one").match(asks) == index.match(asks)


def test_an_array_that_would_execute_something_is_refused(tmp_path: Path):
    AccountIndex.build([ACCOUNT]).save(tmp_path / "one")
    np.save(tmp_path / "one" / "places.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(NotAnIndex):
        AccountIndex.open(tmp_path / "one")


def test_a_record_gives_back_what_was_packed():
    full = KnownAccount("k", ("A", "B"), ("a.com", "b.com"), "p", "DE", "DE-BE", "Berlin", "10115", "Weg 1", "+4930123")
    assert unpacked(packed(full)) == full
    assert unpacked(packed(KnownAccount("k", ()))) == KnownAccount("k", ())
    assert unpacked(packed(KnownAccount("k", ("a\x1fb\x1ec\ud800",)))).names == ("a b c?",), (
        "separators are not taken over"
    )
