"""The breaker lets all through, then nobody, then one."""

from __future__ import annotations

from tools.breaker import Breaker


def failing(times: int, at: float = 100.0) -> Breaker:
    breaker = Breaker(threshold=3, rest_s=10.0)
    for _ in range(times):
        breaker.failed(at)
    return breaker


def test_it_opens_at_the_threshold_and_not_before():
    assert (failing(2).state, failing(2).room(100.0, 8)) == ("closed", 8)
    assert (failing(3).state, failing(3).room(100.0, 8)) == ("open", 0)


def test_a_success_between_failures_starts_the_count_anew():
    breaker = failing(2)
    breaker.succeeded()
    breaker.failed(101.0)
    assert breaker.state == "closed"


def test_after_its_rest_one_may_try_and_not_a_moment_earlier():
    breaker = failing(3, at=100.0)
    assert breaker.room(109.9, 8) == 0
    assert breaker.room(110.0, 8) == 1


def test_a_failed_try_rests_again_and_a_good_one_closes():
    breaker = failing(3, at=100.0)
    breaker.failed(110.0)
    assert breaker.room(119.9, 8) == 0
    assert breaker.room(120.0, 8) == 1
    breaker.succeeded()
    assert (breaker.state, breaker.room(120.0, 8)) == ("closed", 8)


def test_a_vendor_that_says_how_long_to_wait_is_left_alone_so_long_and_no_longer():
    breaker = Breaker()
    breaker.failed(100.0, retry_after_s=30.0)
    assert (breaker.room(129.9, 8), breaker.room(130.0, 8)) == (0, 8)
    breaker.failed(130.0, retry_after_s=1e6)
    assert (breaker.room(130.0 + breaker.longest_s - 1, 8), breaker.room(130.0 + breaker.longest_s, 8)) == (0, 8)
