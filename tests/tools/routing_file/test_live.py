from __future__ import annotations

import os
from pathlib import Path

import pytest

from graph.domain.table import RoutingTable
from tools.routing_file import LiveRouting, RoutingFileError, load, parse
from tools.routing_file.checking import examine_file


class Clock:
    """Seconds that move when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Disk:
    """A routing file that is edited as editors do: written beside, then renamed over the old one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, text: str) -> None:
        beside = self.path.with_suffix(".new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(self.path)


def text(owner: str, test: str | None = None) -> str:
    tests = f', "tests": [{{"name": "t", "lead": {{}}, "expect": {{"owner": "{test}"}}}}]' if test else ""
    return f'{{"DEFAULT": "{owner}@company.com"{tests}}}'


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    disk = Disk(tmp_path / "routing.json")
    disk.write(text("one"))
    return disk


@pytest.fixture
def clock() -> Clock:
    return Clock()


def owner(live: LiveRouting) -> str | None:
    return live.current().default.to.email


def test_an_edit_is_in_use_half_a_second_later(disk, clock):
    live = LiveRouting(disk.path, clock)
    disk.write(text("two"))
    assert owner(live) == "one@company.com"
    clock.now += 0.4
    assert owner(live) == "one@company.com"
    clock.now += 0.1
    assert owner(live) == "two@company.com"


def test_an_edit_in_place_is_seen_too(disk, clock):
    live = LiveRouting(disk.path, clock)
    before = disk.path.stat()
    disk.path.write_text(text("two"), encoding="utf-8")  # as long as the one before
    os.utime(disk.path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    clock.now += 1
    assert owner(live) == "two@company.com"


def test_only_a_file_with_another_time_size_or_place_on_disk_is_read_again(disk, clock):
    live = LiveRouting(disk.path, clock)
    before = disk.path.stat()

    def back_in_time() -> None:
        os.utime(disk.path, ns=(before.st_atime_ns, before.st_mtime_ns))
        clock.now += 1

    disk.path.write_text(text("two"), encoding="utf-8")
    back_in_time()
    assert owner(live) == "one@company.com"
    disk.path.write_text(text("longer"), encoding="utf-8")
    back_in_time()
    assert owner(live) == "longer@company.com"
    disk.write(text("renamd"))
    back_in_time()
    assert owner(live) == "renamd@company.com"


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        ('{"US": "us@company.com"', "expected a comma or }"),
        ('{"US": "us@company.com"}', '"DEFAULT" is missing'),
        (text("two", test="three@company.com"), 'tests[0] "t": the test fails: owner is two@company.com'),
    ],
)
def test_a_bad_edit_never_replaces_a_good_file(disk, clock, bad, fault):
    live = LiveRouting(disk.path, clock)
    disk.write(bad)
    clock.now += 1
    assert owner(live) == "one@company.com"
    assert live.fault.startswith("routing.json is not used: ")
    assert fault in live.fault
    disk.write(text("three"))
    clock.now += 1
    assert owner(live) == "three@company.com"
    assert live.fault is None


def test_undoing_a_bad_edit_clears_the_fault_and_keeps_the_table(disk, clock):
    live = LiveRouting(disk.path, clock)
    table = live.current()
    disk.write("nonsense")
    clock.now += 1
    assert live.current() is table
    assert live.fault
    disk.write(text("one"))
    clock.now += 1
    assert live.current() is table
    assert live.fault is None


def test_a_file_that_is_gone_is_a_fault_until_it_is_back(disk, clock):
    live = LiveRouting(disk.path, clock)
    disk.path.unlink()
    clock.now += 1
    assert owner(live) == "one@company.com"
    assert live.fault == "routing.json cannot be read: No such file or directory"
    disk.write(text("two"))
    clock.now += 1
    assert owner(live) == "two@company.com"
    assert live.fault is None


TERRITORY = '{"DEFAULT": "g@company.com", "EAST": "e@company.com", "regions": {"EAST": "@east.csv"}}'


def east(live: LiveRouting) -> list[str]:
    return [spot.place.country for spot in live.current().regions["EAST"].spots]


def test_a_territory_that_changes_is_in_use_half_a_second_later(disk, clock):
    territory = Disk(disk.path.with_name("east.csv"))
    territory.write("place\nDE\n")
    disk.write(TERRITORY)
    seen: list[str] = []
    live = LiveRouting(disk.path, clock, lambda table: seen.append(table.digest))
    assert east(live) == ["DE"]
    territory.write("place\nDE\nAT\n")
    assert east(live) == ["DE"]
    clock.now += 1
    assert east(live) == ["DE", "AT"]
    assert len(set(seen)) == 2


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda path: path.write_text("place\nXX\n"), "east.csv line 2, column 1 (place): "),
        (
            lambda path: path.write_bytes(b"place\nD\xfc\n"),
            "east.csv: the file is not text in UTF-8 (line 2, column 2)",
        ),
        (lambda path: path.unlink(), "east.csv cannot be read: No such file or directory"),
    ],
)
def test_a_bad_territory_never_replaces_a_good_one(disk, clock, spoil, fault):
    path = disk.path.with_name("east.csv")
    path.write_text("place\nDE\n")
    disk.write(TERRITORY)
    live = LiveRouting(disk.path, clock)
    spoil(path)
    clock.now += 1
    assert east(live) == ["DE"]
    assert fault in live.fault
    path.write_text("place\nAT\n")
    clock.now += 1
    assert east(live) == ["AT"]
    assert live.fault is None


def test_a_territory_named_by_a_bad_edit_is_watched(disk, clock):
    live = LiveRouting(disk.path, clock)
    disk.write(TERRITORY)
    clock.now += 1
    assert owner(live) == "one@company.com"
    assert "east.csv cannot be read" in live.fault
    disk.path.with_name("east.csv").write_text("place\nDE\n")
    clock.now += 1
    assert east(live) == ["DE"]


def test_a_file_that_is_bad_at_the_start_raises(disk, clock):
    disk.write("{}")
    with pytest.raises(RoutingFileError, match='"DEFAULT" is missing'):
        LiveRouting(disk.path, clock)
    disk.path.unlink()
    with pytest.raises(FileNotFoundError):
        LiveRouting(disk.path, clock)


def test_each_new_version_is_announced_once_before_it_is_used(disk, clock):
    seen: list[RoutingTable] = []
    live = LiveRouting(disk.path, clock, seen.append)
    for content in (text("one"), text("two"), "nonsense", text("two"), text("one")):
        disk.write(content)
        clock.now += 1
        live.current()
    assert [table.text for table in seen] == [text("one"), text("two"), text("one")]


def test_a_version_that_could_not_be_kept_is_not_used_until_it_can(disk, clock):
    refuse = False

    def keep(_: RoutingTable) -> None:
        if refuse:
            raise OSError("database is locked")

    live = LiveRouting(disk.path, clock, keep)
    refuse = True
    disk.write(text("two"))
    clock.now += 1
    assert owner(live) == "one@company.com"
    assert live.fault == "routing.json is not used: the new version could not be kept (OSError)"
    refuse = False
    clock.now += 1
    assert owner(live) == "two@company.com"
    assert live.fault is None


def test_a_process_that_slept_takes_the_version_that_went_live_before_the_file_was_spoilt(disk, clock):
    asked: list[str | None] = []
    away = True

    def kept(after: str | None) -> RoutingTable | None:
        asked.append(after)
        if away:
            raise OSError("the database is away")
        return parse(text("two"))

    live = LiveRouting(disk.path, clock, kept=kept)
    mine = live.current().digest
    disk.write(text("two"))  # nobody asks here meanwhile
    disk.write("{")
    clock.now += 1
    assert owner(live) == "one@company.com"
    away = False
    clock.now += 1
    assert owner(live) == "two@company.com"
    assert live.fault is not None
    assert asked == [mine, mine]
    disk.write(text("two"))
    clock.now += 1
    assert (owner(live), live.fault) == ("two@company.com", None)


def test_the_disk_is_looked_at_twice_a_second_at_most(disk, clock):
    live = LiveRouting(disk.path, clock)
    looks = 0
    for _ in range(1000):
        clock.now += 0.01
        before = live._looked_at
        live.current()
        looks += live._looked_at != before
    assert 18 <= looks <= 20


def test_bytes_that_are_not_utf8_are_told_with_their_place(disk):
    disk.path.write_bytes(b'{"DEFAULT": "g@company.com", // Z\xfcrich\n}')
    with pytest.raises(RoutingFileError, match=r"not text in UTF-8 \(line 1, column 34\)"):
        load(disk.path)


def test_a_file_that_the_calendar_turns_against_keeps_loading(disk):
    members = '"people": {"a": {"email": "a@company.com", "hours": "mon-sat 00:00-24:00"}}, "pools": {"p": {"members": ["a"]}}'
    disk.write(f'{{"DEFAULT": "g@company.com", "US": "pool:p", {members}}}')
    assert examine_file(disk.path).errors
    assert load(disk.path).pools["p"]
