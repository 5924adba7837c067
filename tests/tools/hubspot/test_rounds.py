"""A round of orders against a local HubSpot: how many calls it takes, and whom a failure stops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from graph.domain.effects import AssignOwner, CreateTask, Effect, UpsertCompany, UpsertContact, key_of
from graph.domain.telling import LogNote
from graph.ports import Order, Receipt, Untried, VendorError
from tests.servers.base import Answer, Request
from tests.servers.hubspot_server import TOKEN, HubSpotServer
from tools.hubspot import HubSpotCrm
from tools.hubspot.calls import Limits
from tools.hubspot.portal import GROUP, PROPERTIES
from tools.rate_limit import Bucket, Limit

NOW = datetime(2026, 4, 7, 14, 0, tzinfo=UTC)
DEE = "dee@us.example"
CONTACT = UpsertContact(
    contact_key="",
    email=None,
    phone=None,
    full_name="Ann Other",
    title=None,
    company_domain="acme.example",
    company_name="Acme",
    country="US",
    state=None,
    score=62.0,
    tier="hot",
    path="qualify",
    source="web",
    message=None,
)
COMPANY = UpsertCompany("acme.example", "Acme", "US", None, None, None, 400, None)


@pytest.fixture
def server() -> Iterator[HubSpotServer]:
    with HubSpotServer() as running:
        running.owners["11"] = DEE
        for kind, ours in PROPERTIES.items():
            running.properties[kind] |= ours.keys()
            running.groups[kind].add(GROUP)
            running.unique[kind] |= {name for name, definition in ours.items() if definition.get("has_unique_value")}
        yield running


def crm_of(server: HubSpotServer, **options: Any) -> HubSpotCrm:
    return HubSpotCrm(TOKEN, base_url=server.url, clock=lambda: NOW, **options)


def effects(email: str) -> list[Effect]:
    return [
        COMPANY,
        replace(CONTACT, contact_key=email, email=email),
        AssignOwner(email, DEE, "map.US", "The map gives the US to Dee."),
        CreateTask(email, DEE, "Call", "now", NOW),
        LogNote(email, DEE, "Hot lead", NOW),
    ]


def orders(lead_id: str, email: str, attempt: int = 1) -> list[Order]:
    return [Order(key_of(effect, lead_id, 1), lead_id, 1, attempt, effect) for effect in effects(email)]


def to(path: str) -> Any:
    def matching(request: Request) -> bool:
        return request.path.endswith(path)

    return matching


async def test_forty_leads_of_one_round_take_a_handful_of_calls(server: HubSpotServer) -> None:
    crm = crm_of(server)
    asked = [order for n in range(40) for order in orders(f"ld_{n}", f"p{n}@acme.example")]
    answers = await crm.perform_many(asked)
    assert all(isinstance(answer, Receipt) for answer in answers)
    assert {kind: len(held) for kind, held in server.objects.items()} == {
        "contacts": 40, "companies": 1, "deals": 0, "tasks": 40, "notes": 40
    }  # fmt: skip
    assert len(server.requests) <= 16
    assert len(server.called("POST", "/contacts/batch/upsert")) == 1
    company = next(iter(server.objects["companies"]))
    assert len(server.linked["companies", company, "contacts"]) == 40


async def test_more_than_a_hundred_contacts_are_two_batches(server: HubSpotServer) -> None:
    asked = [orders(f"ld_{n}", f"p{n}@acme.example")[1] for n in range(130)]
    answers = await crm_of(server).perform_many(asked)
    assert all(isinstance(answer, Receipt) for answer in answers)
    assert [len(body["inputs"]) for body in server.called("POST", "/contacts/batch/upsert")] == [100, 30]


async def test_one_bad_contact_fails_alone_and_stops_only_its_own_lead(server: HubSpotServer) -> None:
    asked = [*orders("ld_a", "ann@acme.example"), *orders("ld_b", "no@address"), *orders("ld_c", "cy@acme.example")]
    bad = replace(asked[6], effect=replace(asked[6].effect, email="no address", contact_key="no address"))
    asked[6] = bad
    answers = await crm_of(server).perform_many(asked)
    assert all(isinstance(answer, Receipt) for answer in answers[:5] + answers[10:])
    failed = answers[6]
    assert isinstance(failed, VendorError)
    assert (failed.code, failed.permanent) == ("refused", True)
    assert isinstance(
        answers[7], VendorError
    )  # behind a write that failed for good the next is tried, and finds nobody
    assert answers[7].code == "contact_missing"
    assert all(isinstance(answer, Untried) for answer in answers[8:10])
    assert len(server.called("POST", "/contacts/batch/upsert")) == 1


async def test_a_batch_that_is_refused_whole_is_halved_until_the_guilty_input_is_alone(server: HubSpotServer) -> None:
    asked = [orders(f"ld_{n}", f"p{n}@acme.example")[1] for n in range(8)]
    refusal = Answer(400, {"status": "error", "category": "VALIDATION_ERROR", "correlationId": "c0-1"})

    def holds_the_fifth(request: Request) -> bool:
        return request.path.endswith("/contacts/batch/upsert") and b"p5@acme.example" in request.body

    server.always(refusal, matching=holds_the_fifth)
    answers = await crm_of(server).perform_many(asked)
    assert [isinstance(answer, Receipt) for answer in answers] == [n != 5 for n in range(8)]
    assert len(server.called("POST", "/contacts/batch/upsert")) <= 7


async def test_a_link_that_cannot_be_made_fails_its_own_contact_alone(server: HubSpotServer) -> None:
    crm = crm_of(server)
    await crm.perform_many([orders("ld_a", "ann@acme.example")[0]])
    asked = [orders(f"ld_{n}", f"p{n}@acme.example")[1] for n in range(3)]

    def cannot_link(request: Request) -> bool:
        first = next(iter(server.objects["contacts"]), None)
        return request.path.endswith("/associate/default") and f'"{first}"'.encode() in request.body

    server.always(Answer(207, {"status": "COMPLETE", "results": [], "errors": []}), matching=cannot_link)
    answers = await crm.perform_many(asked)
    assert [isinstance(answer, Receipt) for answer in answers] == [False, True, True]


async def test_a_call_that_fails_for_now_leaves_the_rest_of_its_leads_untried(server: HubSpotServer) -> None:
    server.always(Answer(503), matching=to("/contacts/batch/upsert"))
    answers = await crm_of(server).perform_many(orders("ld_a", "ann@acme.example"))
    assert isinstance(answers[0], Receipt)
    assert isinstance(answers[1], VendorError)
    assert all(isinstance(answer, Untried) for answer in answers[2:])


async def test_what_the_portals_limit_has_no_room_for_is_no_attempt(server: HubSpotServer) -> None:
    limits = Limits(Bucket(Limit("hubspot:calls", 37, 3600.0)))  # eleven at once, five of them for reads
    answers = await crm_of(server, limits=limits).perform_many(orders("ld_a", "ann@acme.example"))
    assert isinstance(answers[0], Receipt)
    assert all(isinstance(answer, Untried) for answer in answers[1:])
    assert len(server.requests) == 6


async def test_a_429_pauses_every_later_call(server: HubSpotServer) -> None:
    server.per_10s = 3
    limits = Limits(Bucket(Limit("hubspot:calls", 1000, 10.0)))
    crm = crm_of(server, limits=limits)
    answers = await crm.perform_many(orders("ld_a", "ann@acme.example"))
    (failed, *rest) = answers
    assert isinstance(failed, VendorError)
    assert (failed.code, failed.retry_after_s) == ("rate_limited", 10.0)
    asked = len(server.requests)
    again = await crm_of(server, limits=limits, round_s=1.0).perform_many(orders("ld_b", "bo@acme.example"))
    assert all(isinstance(answer, Untried) for answer in [*rest, *again])
    assert len(server.requests) == asked


async def test_a_decisions_read_without_a_token_in_time_is_unavailable(server: HubSpotServer) -> None:
    from graph.domain.facts import Unavailable
    from graph.ports import CrmAsk

    bucket = Bucket(Limit("hubspot:calls", 1, 3600.0))
    bucket.take()
    (fact,) = await crm_of(server, limits=Limits(bucket), deadline_s=0.2).accounts(
        [CrmAsk("ann@acme.example", None, "acme.example", None)], NOW
    )
    assert fact == Unavailable("hubspot", NOW, "busy")
    assert server.requests == []


async def test_a_wrong_token_and_a_bad_body_are_refused_by_the_local_hubspot(server: HubSpotServer) -> None:
    wrong = HubSpotCrm("pat-wrong", base_url=server.url)
    (answer,) = await wrong.perform_many(orders("ld_a", "ann@acme.example")[:1])
    assert isinstance(answer, VendorError)
    assert (answer.code, server.objects["companies"]) == ("unauthorised", {})
    server.properties["contacts"].discard("jobtitle")
    contact = orders("ld_a", "ann@acme.example")[1]
    titled = replace(contact, effect=replace(contact.effect, title="VP"))
    (answer,) = await crm_of(server).perform_many([titled])
    assert isinstance(answer, VendorError)
    assert "PROPERTY_DOESNT_EXIST" in answer.detail
