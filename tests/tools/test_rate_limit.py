from __future__ import annotations

import threading
import uuid
from pathlib import Path

import pytest

from tools.embedded.valkey import EmbeddedValkey
from tools.rate_limit import Bucket, Limit, NoRoom


class Clock:
    def __init__(self) -> None:
        self.at = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


def local(most: int, window_s: float) -> tuple[Bucket, Clock]:
    clock = Clock()
    return Bucket(Limit("vendor:calls", most, window_s), clock=clock, sleep=clock.sleep), clock


@pytest.mark.parametrize(("most", "window_s"), [(100, 10.0), (190, 10.0), (4, 1.0), (2, 1.0)])
def test_no_window_ever_holds_more_calls_than_the_limit(most: int, window_s: float) -> None:
    bucket, clock = local(most, window_s)
    taken = []
    for _ in range(5 * most):
        bucket.take()
        taken.append(clock.at)
    for start in taken:
        assert sum(start <= at < start + window_s for at in taken) <= most


def test_a_caller_that_names_a_moment_is_refused_at_once_and_told_when() -> None:
    bucket, clock = local(100, 10.0)
    for _ in range(30):
        bucket.take()
    with pytest.raises(NoRoom) as refused:
        bucket.take(until=clock.at + 0.1)
    assert refused.value.wait_s == pytest.approx(1 / 7)
    assert clock.slept == []
    bucket.take(until=clock.at + 0.2)
    assert sum(clock.slept) == pytest.approx(1 / 7, abs=0.002)


def test_who_can_wait_leaves_some_for_those_who_cannot() -> None:
    bucket, clock = local(100, 10.0)
    for _ in range(25):
        bucket.take(until=clock.at, leave=5)
    with pytest.raises(NoRoom):
        bucket.take(until=clock.at, leave=5)
    for _ in range(5):
        bucket.take(until=clock.at)


def test_what_is_left_is_never_all_there_is() -> None:
    bucket, clock = local(2, 1.0)
    bucket.take(until=clock.at, leave=5)


def test_a_pause_holds_until_it_is_over() -> None:
    bucket, clock = local(100, 10.0)
    bucket.pause(7.0)
    with pytest.raises(NoRoom) as refused:
        bucket.take(until=clock.at + 6)
    assert refused.value.wait_s == pytest.approx(7.0)
    bucket.take()
    assert clock.at == pytest.approx(107.0)


@pytest.fixture
def url(shared_valkey: EmbeddedValkey) -> str:
    return shared_valkey.url


def a_limit(most: int, window_s: float) -> Limit:
    """Of its own name: the server is shared with other tests."""
    return Limit(f"vendor:{uuid.uuid4().hex}", most, window_s)


def test_processes_share_one_bucket_in_the_streams_server(url: str) -> None:
    limit = a_limit(20, 3600.0)
    first, second = Bucket(limit, url), Bucket(limit, url)
    got: list[int] = []

    def take(bucket: Bucket) -> None:
        for _ in range(10):
            try:
                bucket.take(until=0.0, leave=2)
                got.append(1)
            except NoRoom:
                pass

    threads = [threading.Thread(target=take, args=(bucket,)) for bucket in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), limit.burst) == (4, 6)


def test_what_one_process_was_told_pauses_the_others(url: str) -> None:
    limit = a_limit(100, 10.0)
    Bucket(limit, url).pause(60.0)
    with pytest.raises(NoRoom) as refused:
        Bucket(limit, url).take(until=0.0)
    assert 50 < refused.value.wait_s <= 60


def test_without_the_server_each_process_keeps_a_bucket_of_its_own(tmp_path: Path) -> None:
    clock = Clock()
    away = f"unix://{tmp_path}/nobody.sock"
    bucket = Bucket(Limit("vendor:calls", 10, 10.0), away, clock=clock, sleep=clock.sleep)
    for _ in range(3):
        bucket.take(until=clock.at)
    with pytest.raises(NoRoom):
        bucket.take(until=clock.at)
