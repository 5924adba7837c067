"""What nurture behind the port keeps to, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from graph.domain.effects import EnrolNurture, PostAlert, key_of
from graph.ports import Order, Receipt, VendorError
from tests.fixtures.nurture import shipped
from tools.embedded.nurture import EmbeddedNurture
from tools.store.tables import nurture_enrolments

FILE = shipped()
MAYA, DEE = "maya@acme.example", "dee@us.example"
ENROL = EnrolNurture(MAYA, "low_score_nurture", DEE)


def twin(database: Engine) -> EmbeddedNurture:
    return EmbeddedNurture(database, lambda: FILE.sequences)


def order(effect: Any = ENROL, attempt: int = 1, lead_id: str = "ld_1", revision: int = 1) -> Order:
    return Order(key_of(effect, lead_id, revision), lead_id, revision, attempt, effect)


def enrolments(database: Engine) -> list[dict[str, Any]]:
    with database.connect() as connection:
        return [dict(row) for row in connection.execute(select(nurture_enrolments)).mappings()]


async def test_an_enrolment_is_active_and_names_lead_owner_and_effect(database: Engine) -> None:
    receipt = await twin(database).perform(order())
    (row,) = enrolments(database)
    assert (row["contact_key"], row["sequence"], row["lead_id"]) == (MAYA, "low_score_nurture", "ld_1")
    assert (row["owner"], row["status"], row["effect_key"]) == (DEE, "ACTIVE", receipt.external_id)
    assert MAYA not in receipt.external_id


async def test_a_contact_is_in_a_sequence_once(database: Engine) -> None:
    nurture = twin(database)
    first = await nurture.perform(order())
    again = await nurture.perform(order(attempt=2))
    other_lead = await nurture.perform(order(lead_id="ld_2"))
    assert [first.repeated, again.repeated, other_lead.repeated] == [False, True, True]
    assert first.external_id == again.external_id == other_lead.external_id
    assert len(enrolments(database)) == 1


async def test_sequences_and_contacts_are_enrolled_apart(database: Engine) -> None:
    nurture = twin(database)
    for effect in (ENROL, EnrolNurture(MAYA, "revisit", DEE)):
        assert not (await nurture.perform(order(effect))).repeated
    other = EnrolNurture("eve@acme.example", "revisit", DEE)
    assert not (await nurture.perform(order(other, lead_id="ld_2"))).repeated
    assert len(enrolments(database)) == 3


async def test_who_left_a_sequence_is_not_enrolled_again(database: Engine) -> None:
    nurture = twin(database)
    await nurture.perform(order())
    with database.begin() as connection:
        connection.execute(update(nurture_enrolments).values(status="CANCELLED"))
    receipt = await nurture.perform(order(revision=2))
    assert receipt == Receipt("ld_1@1/enrol_nurture/low_score_nurture", repeated=True, detail={"status": "CANCELLED"})
    assert [row["status"] for row in enrolments(database)] == ["CANCELLED"]


async def test_an_effect_of_another_vendor_is_refused_for_good(database: Engine) -> None:
    with pytest.raises(VendorError) as raised:
        await twin(database).perform(order(PostAlert(DEE, None, 1, {})))
    assert (raised.value.code, raised.value.permanent) == ("unsupported_effect", True)
