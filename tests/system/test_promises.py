"""Quick versions of the scenarios; `./start.sh python -m tests.system.chaos` runs the long ones and prints their counts.

They share one installation and come in the order of this file: effects that a scenario left for a later try (a minute
after their dispatcher was killed, say) are done while the next ones run, and the last test looks at all of them.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.system import disk, intake, kills, outages, power, vendors
from tests.system.harness import Product
from tests.system.report import Result

Kept = Callable[[Result], None]
with_disks = pytest.mark.skipif(disk.unable() is not None, reason=str(disk.unable()))


def test_a_dispatcher_that_is_killed_does_every_effect_once(product: Product, kept: Kept) -> None:
    kept(kills.kill_part(product, "dispatch", rounds=1, leads=40))


@with_disks
def test_leads_wait_in_the_stream_while_the_disk_of_the_database_is_full(product: Product, kept: Kept) -> None:
    kept(disk.database_disk_full(product, leads=300, hold_s=0.5))


@with_disks
def test_a_full_disk_of_the_stream_is_answered_503_and_heals(product: Product, kept: Kept) -> None:
    kept(disk.stream_disk_full(product, leads=400, hold_s=0.5))


def test_a_stream_server_that_is_killed_loses_nothing_it_was_given(product: Product, kept: Kept) -> None:
    kept(kills.kill_part(product, "valkey", rounds=2, leads=60))


def test_a_stream_server_that_is_gone_is_answered_503_at_once(product: Product, kept: Kept) -> None:
    kept(outages.stream_gone(product, leads=45, hold_s=2.5))


def test_a_stream_server_that_hangs_holds_up_neither_answers_nor_health(product: Product, kept: Kept) -> None:
    kept(outages.stream_hung(product, leads=45, hold_s=4.0))


def test_a_locked_database_holds_up_neither_answers_nor_health(product: Product, kept: Kept) -> None:
    kept(outages.database_locked(product, leads=60, hold_s=3.0))


def test_a_worker_that_is_killed_loses_and_repeats_nothing(product: Product, kept: Kept) -> None:
    kept(kills.kill_part(product, "worker", rounds=1, leads=40))


def test_senders_whose_web_server_was_killed_send_again_and_make_one_lead_each(product: Product, kept: Kept) -> None:
    kept(kills.kill_part(product, "api", rounds=1, leads=40))


def test_many_copies_of_a_submission_are_decided_once(product: Product, kept: Kept) -> None:
    kept(intake.copies(product, copies=50))


def test_one_address_in_three_spellings_is_one_lead(product: Product, kept: Kept) -> None:
    kept(intake.spellings(product))


def test_a_corrected_resend_after_a_refusal_is_taken(product: Product, kept: Kept) -> None:
    kept(intake.mended(product))


def test_ctrl_c_in_a_burst_stops_cleanly_and_the_next_start_goes_on(product: Product, kept: Kept) -> None:
    kept(intake.stopped(product, leads=90))


@pytest.mark.skipif(power.unable() is not None, reason=str(power.unable()))
def test_a_loss_of_power_loses_no_lead_that_was_acknowledged(product: Product, kept: Kept) -> None:
    kept(power.cuts(product.machine, "always", rounds=1, leads=60, hold_worker=True))


def test_in_the_end_every_effect_of_all_of_them_was_done_once(product: Product, kept: Kept) -> None:
    kept(kills.everything_done(product))


def test_a_slack_that_stalls_delays_nothing_but_its_own_alerts(kept: Kept) -> None:
    with vendors.outside() as world:
        kept(vendors.vendor_stalls(world, "notifier", leads=40, hold_s=5.0))
