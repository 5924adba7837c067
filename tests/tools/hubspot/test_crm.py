"""HubSpot's adapter over its real SDK: the exact requests, and what each failure of HubSpot or the network means."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph.domain.account import CrmAccount, Opportunity
from graph.domain.effects import AssignOwner, CreateTask, Effect, UpsertCompany, UpsertContact, key_of
from graph.domain.facts import Found, Unavailable
from graph.domain.telling import LogNote
from graph.ports import CrmAsk, Order, VendorError
from tests.servers.base import DROP, HALF, LOSE, Answer, Request
from tests.servers.hubspot_server import TOKEN, HubSpotServer
from tools.hubspot import HubSpotCrm
from tools.hubspot.calls import HubSpotCalls
from tools.hubspot.portal import GROUP, PROPERTIES, Owners
from tools.hubspot.values import marker_of

NOW = datetime(2026, 4, 7, 14, 0, tzinfo=UTC)
MAYA, DEE, ELI = "maya@acme.example", "dee@us.example", "eli@us.example"
ASK = CrmAsk(MAYA, None, "acme.example", "acmecorp.example")
COMPANY = UpsertCompany("acme.example", "Acme Labs", "US", "US-CA", None, "software", 4000, "acmecorp.example")
CONTACT = UpsertContact(
    contact_key=MAYA,
    email=MAYA,
    phone=None,
    full_name="Maya de la Ortiz",
    title="VP Engineering",
    company_domain="acme.example",
    company_name="Acme Labs",
    country="US",
    state=None,
    score=62.5,
    tier="hot",
    path="qualify",
    source="web",
    message="need <b>tracing</b>",
)
TASK = CreateTask(MAYA, DEE, "Call Maya", "First line <b>\nsecond & last", NOW + timedelta(minutes=5))
ASSIGN = AssignOwner(MAYA, DEE, "map.US", "The map gives the US to Dee.")
NOTE = LogNote(MAYA, DEE, "Hot lead\nCompany: Acme <Labs>", NOW)


@pytest.fixture
def server() -> Iterator[HubSpotServer]:
    with HubSpotServer() as running:
        running.owners.update({"11": "Dee@US.example", "12": ELI})
        for kind, ours in PROPERTIES.items():
            running.properties[kind] |= ours.keys()
            running.groups[kind].add(GROUP)
            running.unique[kind] |= {name for name, definition in ours.items() if definition.get("has_unique_value")}
        yield running


@pytest.fixture
def crm(server: HubSpotServer) -> HubSpotCrm:
    return hubspot(server)


def hubspot(server: HubSpotServer, **options: Any) -> HubSpotCrm:
    return HubSpotCrm(TOKEN, base_url=server.url, **{"deadline_s": 10.0, "clock": lambda: NOW, **options})


def order(effect: Effect, attempt: int = 1) -> Order:
    return Order(key_of(effect, "ld_1", 1), "ld_1", 1, attempt, effect)


def to(path: str) -> Any:
    def matching(request: Request) -> bool:
        return request.path.endswith(path)

    return matching


async def failure(crm: HubSpotCrm, effect: Effect, attempt: int = 1) -> VendorError:
    with pytest.raises(VendorError) as raised:
        await crm.perform(order(effect, attempt))
    return raised.value


async def test_a_contact_is_upserted_by_its_e_mail_address_in_one_call(server: HubSpotServer) -> None:
    company = server.add("companies", domain="acme.example")
    receipt = await hubspot(server, public_url="https://router.example").perform(order(CONTACT))
    assert server.called("POST", "/crm/v3/objects/contacts/batch/upsert") == [
        {
            "inputs": [
                {
                    "idProperty": "email",
                    "id": MAYA,
                    "objectWriteTraceId": marker_of(order(CONTACT).key),
                    "properties": {
                        "email": MAYA,
                        "firstname": "Maya",
                        "lastname": "de la Ortiz",
                        "jobtitle": "VP Engineering",
                        "company": "Acme Labs",
                        "country": "US",
                        "message": "need <b>tracing</b>",
                        "lead_router_score": "62.5",
                        "lead_router_tier": "hot",
                        "lead_router_path": "qualify",
                        "lead_router_source": "web",
                        "lead_router_lead_id": "ld_1",
                        "lead_router_link": "https://router.example/inbox/crm/ld_1",
                    },
                }
            ]
        }
    ]
    contact = receipt.external_id
    assert receipt.detail == {"company_id": company}
    assert server.called("POST", "/crm/v4/associations/contacts/companies/batch/associate/default") == [
        {"inputs": [{"from": {"id": contact}, "to": {"id": company}}]}
    ]
    assert server.linked["contacts", contact, "companies"] == [company]
    assert {r.headers["authorization"] for r in server.requests} == {f"Bearer {TOKEN}"}


async def test_names_that_are_known_apart_are_written_apart(server: HubSpotServer, crm: HubSpotCrm) -> None:
    titled = replace(CONTACT, full_name="Dr. Ana María Ruiz", given_name="Ana María", family_name="Ruiz")
    await crm.perform(order(titled))
    (body,) = server.called("POST", "/crm/v3/objects/contacts/batch/upsert")
    written = body["inputs"][0]["properties"]
    assert (written["firstname"], written["lastname"]) == ("Ana María", "Ruiz")


async def test_a_task_carries_its_marker_its_contact_and_its_owner(server: HubSpotServer, crm: HubSpotCrm) -> None:
    contact = server.add("contacts", email=MAYA)
    await crm.perform(order(TASK))
    marker = marker_of(order(TASK).key)
    assert server.called("POST", "/crm/v3/objects/tasks/batch/create") == [
        {
            "inputs": [
                {
                    "associations": [
                        {
                            "to": {"id": contact},
                            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}],
                        }
                    ],
                    "objectWriteTraceId": marker,
                    "properties": {
                        "hs_task_subject": "Call Maya",
                        "hs_task_body": f"First line &lt;b&gt;<br>second &amp; last<br><br>Reference: {marker}",
                        "hs_task_status": "NOT_STARTED",
                        "hs_task_type": "TODO",
                        "hs_timestamp": "1775570700000",
                        "hubspot_owner_id": "11",
                    },
                }
            ]
        }
    ]
    assert len(marker) == 23


async def test_a_task_without_a_due_time_is_due_now(server: HubSpotServer, crm: HubSpotCrm) -> None:
    server.add("contacts", email=MAYA)
    receipt = await crm.perform(order(replace(TASK, due_at=None)))
    assert server.objects["tasks"][receipt.external_id]["hs_timestamp"] == str(int(NOW.timestamp()) * 1000)


async def test_an_owner_is_set_by_one_change_of_the_contact(server: HubSpotServer, crm: HubSpotCrm) -> None:
    contact = server.add("contacts", email=MAYA)
    receipt = await crm.perform(order(ASSIGN))
    assert server.called("POST", "/crm/v3/objects/contacts/batch/update") == [
        {
            "inputs": [
                {
                    "idProperty": "email",
                    "id": MAYA,
                    "objectWriteTraceId": marker_of(order(ASSIGN).key),
                    "properties": {
                        "hubspot_owner_id": "11",
                        "lead_router_rule": "map.US",
                        "lead_router_reason": "The map gives the US to Dee.",
                    },
                }
            ]
        }
    ]
    assert receipt.external_id == contact


async def test_an_owner_hubspot_does_not_know_leaves_the_contact_as_it_is(
    server: HubSpotServer, crm: HubSpotCrm
) -> None:
    contact = server.add("contacts", email=MAYA, hubspot_owner_id="12")
    receipt = await crm.perform(order(replace(ASSIGN, owner="new@us.example")))
    assert server.objects["contacts"][contact]["hubspot_owner_id"] == "12"
    assert receipt.external_id == contact
    assert receipt.detail is not None
    assert receipt.detail["owner_unknown"] == "new@us.example"


async def test_a_task_of_an_unknown_owner_is_made_without_one(server: HubSpotServer, crm: HubSpotCrm) -> None:
    server.add("contacts", email=MAYA)
    receipt = await crm.perform(order(replace(TASK, owner="new@us.example")))
    assert "hubspot_owner_id" not in server.objects["tasks"][receipt.external_id]
    assert receipt.detail == {"owner_unknown": "new@us.example"}


async def test_the_owners_are_read_once_for_many_writes_and_over_all_pages(server: HubSpotServer) -> None:
    server.page = 1
    crm = hubspot(server)
    server.add("contacts", email=MAYA)
    for owner in (DEE, ELI, DEE):
        receipt = await crm.perform(order(replace(ASSIGN, owner=owner)))
        assert receipt.detail is None
    assert len(server.called("GET", "/crm/v3/owners/")) == 2


def test_an_owner_invited_later_is_found_after_a_minute(server: HubSpotServer) -> None:
    seconds = 0.0
    calls = HubSpotCalls(TOKEN, server.url, timeouts_s=(3.0, 3.0), connections=1)
    owners = Owners(calls, clock=lambda: seconds)
    assert owners.id_of("new@us.example") is None
    server.owners["13"] = "new@us.example"
    assert owners.id_of("new@us.example") is None
    seconds = 61.0
    assert owners.id_of("NEW@us.example") == "13"
    assert owners.email_of("11") == DEE
    assert len(server.called("GET", "/crm/v3/owners/")) == 2


async def test_missing_properties_are_made_once_in_a_new_portal() -> None:
    with HubSpotServer() as server:
        crm = hubspot(server)
        await asyncio.gather(*(crm.perform(order(replace(COMPANY, domain=f"{n}.example"))) for n in range(4)))
        made = server.called("POST", "/crm/v3/properties/companies")
        assert [(one["name"], one.get("hasUniqueValue")) for one in made] == [
            ("lead_router_industry", None),
            ("lead_router_key", True),
            ("lead_router_parent_domain", None),
        ]
        assert len(server.called("GET", "/crm/v3/properties/contacts")) == 1


async def test_a_token_without_the_scope_for_properties_is_told_which() -> None:
    with HubSpotServer() as server:
        missing = {"status": "error", "category": "MISSING_SCOPES", "correlationId": "c0ffee-1"}
        server.always(Answer(403, missing), matching=lambda r: "/properties/" in r.path)
        error = await failure(hubspot(server), COMPANY)
        assert (error.code, error.permanent) == ("unauthorised", True)
        assert "MISSING_SCOPES" in error.detail
        assert "crm.schemas.contacts.write" in error.detail


async def test_open_deals_are_read_for_the_whole_batch_in_two_calls(server: HubSpotServer, crm: HubSpotCrm) -> None:
    acme = server.add("companies", domain="acme.example", hubspot_owner_id="11")
    other = server.add("companies", domain="other.example")
    at, elsewhere = ("companies", acme), ("companies", other)
    won = {"hs_is_closed": "true", "dealname": "old", "dealstage": "closedwon"}
    open_ = {"hs_is_closed": "false", "dealstage": "s3"}
    server.add("deals", to=at, **won)
    first = server.add("deals", to=at, **open_, dealname="Tracing", amount="180000.00", hubspot_owner_id="12")
    euro = server.add("deals", to=at, **open_, dealname="Euro", amount="5000", deal_currency_code="EUR")
    blank = server.add("deals", to=elsewhere, **open_, dealname="Blank", amount="")
    facts = await crm.accounts([ASK, replace(ASK, domain="other.example"), replace(ASK, domain=None)], NOW)
    known = [fact.value for fact in facts if isinstance(fact, Found)]
    assert known[0].open_opportunities == (
        Opportunity(first, "Tracing", 180_000, "s3", ELI),
        Opportunity(euro, "Euro", None, "s3", None),
    )
    assert known[1].open_opportunities == (Opportunity(blank, "Blank", None, "s3", None),)
    assert known[0].owner == DEE
    assert len(server.called("POST", "/crm/v4/associations/companies/deals/batch/read")) == 1
    assert len(server.called("POST", "/crm/v3/objects/deals/batch/read")) == 1


async def known(crm: HubSpotCrm, *asks: CrmAsk) -> list[CrmAccount]:
    facts = await crm.accounts(asks, NOW)
    return [fact.value if isinstance(fact, Found) else CrmAccount() for fact in facts]


async def test_open_deals_of_the_parent_are_read_in_the_same_two_calls(server: HubSpotServer, crm: HubSpotCrm) -> None:
    own, parent = server.add("companies", domain="acme.example"), server.add("companies", domain="acmecorp.example")
    open_ = {"hs_is_closed": "false", "dealstage": "s3"}
    mine = server.add("deals", to=("companies", own), **open_, dealname="Own")
    theirs = server.add("deals", to=("companies", parent), **open_, dealname="Group", hubspot_owner_id="12")
    child, itself = await known(crm, ASK, replace(ASK, domain="acmecorp.example"))
    assert child.open_opportunities == (Opportunity(mine, "Own", None, "s3", None),)
    assert child.parent_opportunities == (Opportunity(theirs, "Group", None, "s3", ELI),)
    assert (itself.open_opportunities, itself.parent_opportunities) == (child.parent_opportunities, ())
    assert len(server.called("POST", "/crm/v4/associations/companies/deals/batch/read")) == 1


async def test_the_ultimate_parent_that_hubspot_links_a_company_to_is_named_with_its_owner_and_deals(
    server: HubSpotServer, crm: HubSpotCrm
) -> None:
    top = server.add("companies", domain="Top.example", name="Top AG", hubspot_owner_id="12")
    middle = server.add("companies", domain="middle.example", hs_parent_company_id=top)
    server.add("companies", domain="acme.example", hs_parent_company_id=middle)
    deal = server.add("deals", to=("companies", top), hs_is_closed="false", dealname="Group")
    account, alone = await known(crm, replace(ASK, parent_domain=None), replace(ASK, domain="none.example"))
    assert (account.parent_domain, account.parent_name, account.parent_owner) == ("top.example", "Top AG", ELI)
    assert [one.opportunity_id for one in account.parent_opportunities] == [deal]
    assert (alone.parent_domain, alone.parent_opportunities) == (None, ())
    assert len(server.called("POST", "/crm/v3/objects/companies/batch/read")) == 2


async def test_the_parent_that_was_asked_for_goes_before_the_one_that_is_linked(
    server: HubSpotServer, crm: HubSpotCrm
) -> None:
    linked = server.add("companies", domain="linked.example", hubspot_owner_id="12")
    server.add("companies", domain="acmecorp.example", hubspot_owner_id="11")
    server.add("companies", domain="acme.example", hs_parent_company_id=linked)
    (account,) = await known(crm, ASK)
    assert (account.parent_owner, account.parent_domain) == (DEE, "linked.example")


async def test_a_parent_without_a_domain_is_named_by_its_name(server: HubSpotServer, crm: HubSpotCrm) -> None:
    server.add("companies", domain="acme.example", hs_parent_company_id=server.add("companies", name="Top Inc."))
    (account,) = await known(crm, replace(ASK, parent_domain=None))
    assert (account.parent_domain, account.parent_name) == ("name:top", "Top Inc.")


async def test_companies_that_are_linked_in_a_circle_or_to_one_that_is_gone_have_no_parent(
    server: HubSpotServer, crm: HubSpotCrm
) -> None:
    one = server.add("companies", domain="one.example")
    two = server.add("companies", domain="two.example", hs_parent_company_id=one)
    server.objects["companies"][one]["hs_parent_company_id"] = two
    server.add("companies", domain="three.example", hs_parent_company_id=two)
    server.add("companies", domain="gone.example", hs_parent_company_id="99")
    names = ("one", "two", "three", "gone")
    accounts = await known(crm, *(CrmAsk(None, None, f"{name}.example", None) for name in names))
    assert [account.parent_domain for account in accounts] == [None] * 4
    assert all(account.company_id for account in accounts)


async def test_a_line_of_parents_is_followed_for_six_levels(server: HubSpotServer, crm: HubSpotCrm) -> None:
    for levels, top in ((6, "l0.example"), (7, None)):
        above = server.add("companies", domain="l0.example")
        for n in range(1, levels + 1):
            above = server.add("companies", domain=f"l{n}.of{levels}.example", hs_parent_company_id=above)
        (account,) = await known(crm, CrmAsk(None, None, f"l{levels}.of{levels}.example", None))
        assert account.parent_domain == top


async def test_amounts_are_dollars_only_where_the_portal_counts_in_dollars(server: HubSpotServer) -> None:
    acme = server.add("companies", domain="acme.example")
    server.add("deals", to=("companies", acme), hs_is_closed="false", dealname="x", amount="10")
    (fact,) = await hubspot(server, currency="EUR").accounts([ASK], NOW)
    assert isinstance(fact, Found)
    assert fact.value.open_opportunities[0].amount_usd is None


async def test_a_batch_of_any_size_takes_a_handful_of_calls(server: HubSpotServer, crm: HubSpotCrm) -> None:
    for n in range(120):
        server.add("companies", domain=f"c{n}.example")
        server.add("contacts", email=f"p{n}@c{n}.example")
    server.page = 30
    asks = [CrmAsk(f"P{n}@c{n}.example", None, f"c{n}.example", None) for n in range(120)]
    facts = await crm.accounts(asks, NOW)
    assert all(isinstance(fact, Found) and fact.value.company_id and fact.value.contact_id for fact in facts)
    assert len(server.requests) <= 12


async def test_a_further_address_of_a_contact_finds_it(server: HubSpotServer, crm: HubSpotCrm) -> None:
    contact = server.add("contacts", email="m@acme.example", hs_additional_emails=f"old@acme.example;{MAYA}")
    (fact,) = await crm.accounts([ASK], NOW)
    assert isinstance(fact, Found)
    assert fact.value.contact_id == contact


async def test_of_two_companies_with_one_domain_reader_and_writer_take_the_oldest(
    server: HubSpotServer, crm: HubSpotCrm
) -> None:
    oldest = server.add("companies", domain="acme.example")
    server.add("companies", domain="acme.example", hubspot_owner_id="11")
    (fact,) = await crm.accounts([ASK], NOW)
    receipt = await crm.perform(order(COMPANY))
    assert isinstance(fact, Found)
    assert fact.value.company_id == receipt.external_id == oldest


async def test_a_company_that_search_does_not_show_yet_is_not_made_again(server: HubSpotServer) -> None:
    server.search_lags = True
    made = await hubspot(server).perform(order(COMPANY))
    again = await hubspot(server).perform(order(COMPANY, attempt=2))
    contact = await hubspot(server).perform(order(CONTACT))
    assert made.external_id == again.external_id
    assert contact.detail == {"company_id": made.external_id}
    assert len(server.objects["companies"]) == 1


async def test_a_company_that_was_merged_away_is_looked_up_anew(server: HubSpotServer, crm: HubSpotCrm) -> None:
    gone = (await crm.perform(order(COMPANY))).external_id
    del server.objects["companies"][gone]
    kept = server.add("companies", domain="acme.example")
    receipt = await crm.perform(order(CONTACT))
    assert receipt.detail == {"company_id": kept}


async def test_a_contact_somebody_keeps_by_phone_becomes_ours(server: HubSpotServer, crm: HubSpotCrm) -> None:
    phone = "+14085550111"
    kept = server.add("contacts", phone=phone, firstname="M.")
    by_phone = replace(CONTACT, contact_key=phone, email=None, phone=phone)
    receipt = await crm.perform(order(by_phone))
    await crm.perform(order(replace(ASSIGN, contact_key=phone)))
    assert receipt.external_id == kept
    assert server.objects["contacts"][kept]["hubspot_owner_id"] == "11"
    assert len(server.objects["contacts"]) == 1


WRITES = [
    (COMPANY, "/companies/batch/upsert", "companies"),
    (CONTACT, "/contacts/batch/upsert", "contacts"),
    (TASK, "/tasks/batch/create", "tasks"),
    (NOTE, "/notes/batch/create", "notes"),
]


@pytest.mark.parametrize(("effect", "path", "kind"), WRITES, ids=[effect.kind for effect, _, _ in WRITES])
@pytest.mark.parametrize("lost", [LOSE, Answer(502, "bad gateway", handled=True)], ids=["connection", "502"])
async def test_a_write_whose_answer_got_lost_is_found_by_the_next_attempt(
    server: HubSpotServer, crm: HubSpotCrm, effect: Effect, path: str, kind: str, lost: Answer
) -> None:
    if effect in (TASK, NOTE):
        server.add("contacts", email=MAYA)
    server.search_lags = True
    server.script(lost, matching=to(path))
    error = await failure(crm, effect)
    assert not error.permanent
    receipt = await crm.perform(order(effect, attempt=2))
    assert receipt.repeated
    assert list(server.objects[kind]) == [receipt.external_id]


async def test_the_owner_of_a_lost_answer_is_not_set_again(server: HubSpotServer, crm: HubSpotCrm) -> None:
    server.add("contacts", email=MAYA)
    server.script(LOSE, matching=to("/contacts/batch/update"))
    await failure(crm, ASSIGN)
    receipt = await crm.perform(order(ASSIGN, attempt=2))
    assert receipt.repeated
    assert len(server.called("POST", "/contacts/batch/update")) == 1


LIMIT = {"status": "error", "errorType": "RATE_LIMIT", "message": "secret@person.example"}
BAD = {"status": "error", "category": "VALIDATION_ERROR", "message": "secret@person.example", "correlationId": "c0-1"}
FAILURES = [
    (Answer(429, LIMIT, headers={"Retry-After": "7"}), "rate_limited", False, 7.0),
    (Answer(429, {**LIMIT, "policyName": "TEN_SECONDLY_ROLLING"}), "rate_limited", False, 10.0),
    (Answer(429, {**LIMIT, "policyName": "DAILY"}), "quota_exhausted", False, 900.0),
    (Answer(429, "slow down"), "rate_limited", False, None),
    (Answer(400, BAD), "refused", True, None),
    (Answer(401, BAD), "unauthorised", True, None),
    (Answer(403, BAD), "unauthorised", True, None),
    (Answer(409, BAD), "conflict", False, None),
    (Answer(423, BAD), "vendor_error", False, None),
    (Answer(477, BAD, headers={"Retry-After": "30"}), "vendor_error", False, 30.0),
    (Answer(500, "<html>secret@person.example</html>"), "vendor_error", False, None),
    (Answer(503, b"", headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), "vendor_error", False, None),
    (DROP, "unreachable", False, None),
    (HALF, "unreachable", False, None),
    (Answer(delay_s=5), "timeout", False, None),
]


@pytest.mark.parametrize(("answer", "code", "permanent", "after"), FAILURES)
async def test_a_failure_says_whether_and_when_to_try_again_and_quotes_nobody(
    server: HubSpotServer, answer: Answer, code: str, permanent: bool, after: float | None
) -> None:
    crm = hubspot(server, timeouts_s=(0.5, 0.5))
    server.always(answer, matching=to("/contacts/batch/upsert"))
    error = await failure(crm, CONTACT)
    assert (error.code, error.permanent, error.retry_after_s) == (code, permanent, after)
    assert "secret" not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert len(server.called("POST", "/contacts/batch/upsert")) == 1, "the dispatcher retries, the SDK does not"


async def test_a_refused_value_names_the_property_and_never_the_value(server: HubSpotServer, crm: HubSpotCrm) -> None:
    error = await failure(crm, replace(CONTACT, email="not an address", contact_key="not an address"))
    assert error.permanent
    assert error.detail == "VALIDATION_ERROR INVALID_EMAIL email"


async def test_one_refused_input_inside_a_batch_answer_is_a_failure(server: HubSpotServer, crm: HubSpotCrm) -> None:
    part = {"code": "INVALID_OPTION", "message": "secret@person.example", "context": {"propertyName": ["country"]}}
    told = {"status": "error", "category": "VALIDATION_ERROR", "message": "x", "context": {}, "links": {}}
    body = {
        "status": "COMPLETE",
        "results": [],
        "numErrors": 1,
        "errors": [{**told, "errors": [part]}],
        "startedAt": "2026-01-05T09:00:00Z",
        "completedAt": "2026-01-05T09:00:00Z",
    }
    server.always(Answer(207, body), matching=to("/contacts/batch/upsert"))
    error = await failure(crm, CONTACT)
    assert (error.code, error.permanent, error.detail) == ("refused", True, "VALIDATION_ERROR INVALID_OPTION country")


async def test_calls_that_could_be_repeated_are_not_either(server: HubSpotServer, crm: HubSpotCrm) -> None:
    server.add("contacts", email=MAYA)
    server.add("companies", domain="acme.example")
    server.always(Answer(429, LIMIT, headers={"Retry-After": "30"}), matching=lambda r: r.method == "GET")
    error = await failure(crm, ASSIGN)
    assert (error.code, error.retry_after_s) == ("rate_limited", 30.0)
    server.clear()
    server.always(DROP, matching=to("/associate/default"))
    assert (await failure(crm, CONTACT)).code == "unreachable"
    assert len(server.called("POST", "/associate/default")) == 1


async def test_a_server_that_is_gone_is_unreachable(server: HubSpotServer, crm: HubSpotCrm) -> None:
    server.stop()
    error = await failure(crm, CONTACT)
    assert (error.code, error.permanent) == ("unreachable", False)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(429, LIMIT), "rate limited"),
        (Answer(401, BAD), "unauthorised"),
        (Answer(502, b""), "vendor error"),
        (DROP, "unreachable"),
        (HALF, "unreachable"),
    ],
)
async def test_reads_of_a_hubspot_that_fails_are_unavailable_and_never_raise(
    server: HubSpotServer, crm: HubSpotCrm, answer: Answer, reason: str
) -> None:
    server.always(answer)
    assert await crm.accounts([ASK, ASK], NOW) == [Unavailable("hubspot", NOW, reason)] * 2


async def test_a_hubspot_that_hangs_costs_a_decision_no_more_than_the_deadline(server: HubSpotServer) -> None:
    crm = hubspot(server, deadline_s=0.1, timeouts_s=(1.0, 1.0), concurrency=2)
    server.always(Answer(delay_s=30))
    started = time.monotonic()
    writes = [asyncio.create_task(crm.perform(order(CONTACT))) for _ in range(2)]
    facts = await crm.accounts([ASK], NOW)
    took = time.monotonic() - started
    assert facts == [Unavailable("hubspot", NOW, "timeout")]
    assert took < 0.8
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [r.code for r in results if isinstance(r, VendorError)] == ["timeout"] * 2
    await crm.aclose()


async def test_a_hubspot_that_keeps_failing_is_not_asked_with_every_batch(
    server: HubSpotServer, crm: HubSpotCrm
) -> None:
    server.always(Answer(502, b""))
    for _ in range(3):
        await crm.accounts([ASK], NOW)
    asked = len(server.requests)
    assert await crm.accounts([ASK, ASK], NOW) == [Unavailable("hubspot", NOW, "resting")] * 2
    assert len(server.requests) == asked


async def test_writes_under_way_at_once_are_bounded(server: HubSpotServer) -> None:
    crm = hubspot(server, concurrency=3)
    server.always(Answer(500, delay_s=0.02))
    await asyncio.gather(*(crm.perform(order(CONTACT)) for _ in range(12)), return_exceptions=True)
    assert server.peak <= 3


class Counting:
    """Counts one lead for every family, and remembers which were asked for."""

    def __init__(self) -> None:
        self.families: list[str | None] = []

    def count(self, asks: Sequence[CrmAsk], now: datetime) -> list[tuple[int, bool]]:
        self.families = [ask.parent_domain for ask in asks]
        return [(1, True)] * len(asks)


async def test_leads_of_the_family_are_counted_under_the_parent_that_is_linked(server: HubSpotServer) -> None:
    counting = Counting()
    top = server.add("companies", domain="top.example")
    server.add("companies", domain="acme.example", hs_parent_company_id=top)
    accounts = await known(hubspot(server, family_leads=counting), replace(ASK, parent_domain=None), ASK)
    assert counting.families == ["top.example", "acmecorp.example"]
    assert [(account.family_leads_30d, account.family_leads_more) for account in accounts] == [(1, True)] * 2
