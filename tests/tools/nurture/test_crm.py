from __future__ import annotations

import pytest
from sqlalchemy import Engine

from graph.domain.effects import EnrolNurture
from graph.ports import Order, VendorError
from tests.fixtures.nurture import MAYA, OWNER, enrolment
from tests.servers.base import DROP, Answer, LocalServer, Request
from tools.embedded.nurture import EmbeddedNurture
from tools.nurture.crm import PROPERTY, HubSpotNurture
from tools.store.tables import outbox

ORDER = Order("ld_1@1/enrol_nurture/low", "ld_1", 1, 1, EnrolNurture(MAYA, "low", OWNER))
TOKEN = "pat-test"


class Portal(LocalServer):
    """Contacts and their properties; a property that was not made is refused, as HubSpot does."""

    def __init__(self) -> None:
        super().__init__()
        self.properties: set[str] = set()
        self.contacts: dict[str, dict[str, str]] = {MAYA: {}}

    def handle(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer(401, {"category": "INVALID_AUTHENTICATION"})
        if request.method == "POST" and request.path == "/crm/v3/properties/contacts":
            self.properties.add(request.json()["name"])
            return Answer(201, {})
        email = request.path.rpartition("/")[2].replace("%40", "@")
        if request.method != "PATCH" or request.query != {"idProperty": "email"}:
            return Answer(405, {})
        if email not in self.contacts:
            return Answer(404, {})
        wanted = request.json()["properties"]
        if not set(wanted) <= self.properties:
            return Answer(400, {"errors": [{"code": "PROPERTY_DOESNT_EXIST"}]})
        self.contacts[email] |= wanted
        return Answer(200, {})


def nurture(engine: Engine, portal: Portal, token: str = TOKEN) -> HubSpotNurture:
    return HubSpotNurture(token, EmbeddedNurture(engine, dict, performed_by="HubSpot"), base_url=portal.url)


async def test_an_enrolment_sets_the_property_that_a_workflow_listens_to_and_makes_it_when_missing(
    sqlite_engine: Engine,
):
    with Portal() as portal:
        performer = nurture(sqlite_engine, portal)
        await performer.perform(ORDER)
        await performer.perform(ORDER)  # an attempt whose outcome was lost
        assert portal.contacts == {MAYA: {PROPERTY: "low"}}
        await performer.aclose()
    assert (enrolment(sqlite_engine).status, enrolment(sqlite_engine).reason) == ("ACTIVE", "Performed by HubSpot.")
    with sqlite_engine.connect() as connection:
        assert connection.execute(outbox.select()).all() == []  # no steps of ours


async def test_another_lead_of_the_contact_does_not_enrol_again(sqlite_engine: Engine):
    with Portal() as portal:
        performer = nurture(sqlite_engine, portal)
        await performer.perform(ORDER)
        asked = len(portal.requests)
        again = Order("ld_2@1/enrol_nurture/low", "ld_2", 1, 1, ORDER.effect)
        assert (await performer.perform(again)).repeated
        assert len(portal.requests) == asked
        await performer.aclose()


@pytest.mark.parametrize(
    ("answer", "code", "permanent"),
    [
        (Answer(429, {}, headers={"Retry-After": "7"}), "limited", False),
        (Answer(503), "http_503", False),
        (Answer(403, {}), "http_403", True),
        (Answer(404, {}), "no_contact", False),
        (DROP, "unreachable", False),
    ],
)
async def test_failures_say_whether_another_try_may_help(
    sqlite_engine: Engine, answer: Answer, code: str, permanent: bool
):
    with Portal() as portal:
        portal.always(answer)
        performer = nurture(sqlite_engine, portal)
        with pytest.raises(VendorError) as raised:
            await performer.perform(ORDER)
        assert (raised.value.code, raised.value.permanent) == (code, permanent)
        portal.always(None)
        await performer.perform(ORDER)  # the next try of the outbox
        assert portal.contacts[MAYA] == {PROPERTY: "low"}
        await performer.aclose()


async def test_the_server_refuses_another_token(sqlite_engine: Engine):
    with Portal() as portal:
        performer = nurture(sqlite_engine, portal, "other")
        with pytest.raises(VendorError):
            await performer.perform(ORDER)
        await performer.aclose()
