from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert

from graph.domain.table import RoutingTable
from tests.fixtures.alerts import NOW, decision
from tests.fixtures.inbox import HOSTILE, dispatch, move, offer
from tests.fixtures.router import person, settle, the_table
from tools.routing_file import parse
from tools.store import inbox
from tools.store.engine import open_engine
from tools.store.routing_versions import keep_version
from tools.store.tables import accounts
from tools.store.tables import pools as pool_rows
from tools.web.inbox import inbox_router

OWN = {"sec-fetch-site": "same-origin"}


@dataclass
class Desk:
    """The pages over a database, with what was asked of the router's callbacks."""

    engine: Engine
    client: TestClient
    passed: list[tuple[str, int, str, str]] = field(default_factory=list)
    approved: list[tuple[str, int, str]] = field(default_factory=list)

    def page(self, path: str = "/inbox") -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def press(self, act: str, **form: str):
        return self.client.post(f"/inbox/{act}", data=form, headers=OWN, follow_redirects=False)


@pytest.fixture
def engine(sqlite_url):
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


def desk_over(engine: Engine, *, login=lambda: None, routing: RoutingTable | None = None) -> Desk:
    app = FastAPI()
    desk = Desk(engine, TestClient(app))

    async def pass_lead(lead_id, number, by, reason):
        desk.passed.append((lead_id, number, by, reason))
        return f"Passed on: {reason}."

    async def approve_lead(lead_id, number, by):
        desk.approved.append((lead_id, number, by))
        return "It is decided again as a real lead."

    clock = lambda: NOW + timedelta(seconds=72)  # noqa: E731
    app.include_router(inbox_router(engine, pass_lead, login, clock, approve_lead, lambda: routing or the_table()))
    return desk


@pytest.fixture
def desk(engine) -> Desk:
    return desk_over(engine)


def test_an_empty_inbox_says_how_to_send_the_first_lead(desk):
    page = desk.page()
    assert "No lead has arrived yet" in page
    assert "curl -X POST http://testserver/webhooks/lead" in page
    assert "<article" not in page


def test_an_alert_is_drawn_with_its_bullets_buttons_and_record(database):
    offer(database)
    page = desk_over(database).page()
    assert '<h2 id="title-1">Hot lead: Acme Labs (Acme Corp family)</h2>' in page
    assert "<strong>Who:</strong> Maya Ortiz, VP Engineering (decision maker)" in page
    assert 'data-format="{time}">10:07 EDT</time>' in page
    assert page.count('action="/inbox/accept"') == page.count('action="/inbox/pass"') == 1
    assert 'href="/inbox/why/ld_1?number=1"' in page
    assert 'href="/admin/leads/ld_1"' in page
    assert "waiting for Dee" in page
    assert "everybody (1 waiting)" in page


def test_accept_takes_the_lead_and_the_page_says_so_once(desk):
    offer(desk.engine)
    answer = desk.press("accept", value="ld_1:1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
    page = desk.page()
    assert "Dee has it, accepted in 1 min 12 s." in page
    assert "accepted by Dee" in page
    assert 'action="/inbox/accept"' not in page
    assert "Dee has it" not in desk.page()
    dispatch(desk.engine)
    assert "<strong>Accepted by Dee in 1 min 12 s</strong>" in desk.page()


def test_an_accept_that_comes_too_late_is_told_who_has_the_lead(desk):
    offer(desk.engine)
    move(desk.engine, "ld_1", "eli@company.com")
    desk.press("accept", value="ld_1:1")
    page = desk.page()
    assert "This lead has moved to Eli." in page
    assert "moved to Eli" in page
    assert desk.approved == []


def test_accepting_a_lead_under_review_also_approves_it(desk):
    offer(desk.engine, path="manual_review")
    desk.press("accept", value="ld_1:1")
    desk.press("accept", value="ld_1:1")
    assert desk.approved == [("ld_1", 1, "dee@company.com")]


def test_a_pass_carries_its_reason_to_the_router_and_keeps_the_filter(desk):
    offer(desk.engine)
    answer = desk.press("pass", value="ld_1:1", reason="conflict", detail="  my  brother ", owner="dee@company.com")
    assert answer.headers["location"] == "/inbox?owner=dee%40company.com"
    assert desk.passed == [("ld_1", 1, "dee@company.com", "conflict: my brother")]
    assert "Passed on: conflict: my brother." in desk.page()


def test_cover_needs_a_day(desk):
    offer(desk.engine)
    desk.press("pass", value="ld_1:1", reason="cover", until="")
    assert desk.passed == []
    assert "choose the day until which you need cover" in desk.page()
    desk.press("pass", value="ld_1:1", reason="cover", until="2026-04-17")
    assert desk.passed[0][3] == "cover me until 2026-04-17"


def test_feedback_shows_in_the_thread(desk):
    offer(desk.engine)
    desk.press("feedback", value="ld_1:1", code="bad_match")
    assert "Feedback from Dee: wrong company match.</p>" in desk.page()


def test_the_verdict_on_the_score_is_kept_as_in_slack(database):
    offer(database)
    desk = desk_over(database)
    desk.press("feedback", value="ld_1:1", code="wrong")
    assert "Feedback from Dee: the score was wrong." in desk.page()
    assert "Noted: the score was wrong." not in desk.page(), "it is said once"


async def test_the_reasons_say_why_not_somebody_else_or_that_it_cannot_be_said(database, ports):
    (one,) = await settle(database, ports, person("ann"))
    desk, table = desk_over(database), the_table()
    page = f"/inbox/why/{one.case.submission.lead_id}?number=1"
    assert "Why not</label>" in desk.page(page)
    assert "is not in the store" in desk.page(f"{page}&other=ray")
    keep_version(database, table.digest, table.text, table.files)
    assert "<h3>Why not Ray?</h3>" in desk.page(f"{page}&other=ray")
    assert "has this lead." in desk.page(f"{page}&other={one.case.assignment.owner}")
    found = desk.page(f"{page}&other=%3Cscript%3Ezaphod")
    assert "Nobody in the routing file is called" in found
    assert "<script>zaphod" not in found


@pytest.mark.parametrize(
    ("act", "form", "status"),
    [
        ("accept", {"value": "ld_1"}, 422),
        ("accept", {"value": "ld_1:1:x"}, 422),
        ("accept", {}, 422),
        ("accept", {"value": "ld_9:1"}, 404),
        ("accept", {"value": "ld_1:99"}, 404),
        ("accept", {"value": "ld\x00_1:1"}, 422),
        ("pass", {"value": "ld_1:1"}, 422),
        ("pass", {"value": "ld_1:1", "reason": "laziness"}, 422),
        ("pass", {"value": "ld_1:1", "reason": "cover", "until": "someday"}, 422),
        ("pass", {"value": "ld_1:1", "reason": "time", "detail": "x" * 301}, 422),
        ("feedback", {"value": "ld_1:1", "code": "nonsense"}, 422),
        ("touch", {"value": "ld_1:1", "code": "nonsense"}, 422),
        ("touch", {"value": "ld_9:1", "code": "call"}, 404),
        ("close", {"value": "ld_1:1", "code": "nonsense"}, 422),
        ("close", {"value": "ld_1:1"}, 422),
    ],
)
def test_a_form_that_no_page_of_ours_makes_is_refused(database, act, form, status):
    offer(database)
    desk = desk_over(database)
    assert desk.press(act, **form).status_code == status
    assert desk.passed == []


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"},
     {"origin": "null"}],
)  # fmt: skip
@pytest.mark.parametrize("act", ["accept", "pass", "touch", "close", "feedback"])
def test_a_form_from_another_site_changes_nothing(desk, headers, act):
    offer(desk.engine)
    form = {"value": "ld_1:1", "reason": "conflict", "code": "spam"}
    assert desk.client.post(f"/inbox/{act}", data=form, headers=headers).status_code == 403
    assert desk.passed == []
    assert inbox.alerts(desk.engine)[0].open
    assert inbox.alerts(desk.engine)[0].notes == ()


def test_a_form_from_our_own_page_is_known_by_its_origin(desk):
    offer(desk.engine)
    own = {"origin": "http://testserver"}
    assert desk.client.post("/inbox/accept", data={"value": "ld_1:1"}, headers=own).status_code == 200


def test_every_page_and_form_asks_for_the_login(engine):
    def refuse(request: Request) -> None:
        raise HTTPException(401, "no")

    client = desk_over(engine, login=refuse).client
    for path in ("", "/list", "/crm", "/crm/ld_1", "/why/ld_1?number=1"):
        assert client.get(f"/inbox{path}").status_code == 401
    for act in ("accept", "pass", "touch", "close", "feedback"):
        assert client.post(f"/inbox/{act}", data={}, headers=OWN).status_code == 401


def test_the_reasons_are_shown_step_by_step_alone_and_as_a_part(desk):
    offer(desk.engine)
    for path in ("/inbox/why/ld_1?number=1", "/inbox/why/ld_1?number=1&part=true"):
        page = desk.page(path)
        assert "Why Dee?" in page
        assert "Captured with e-mail, company, title, place." in page
        assert "<code>accounts.acme.com</code>" in page
    assert "<html" not in page
    assert desk.client.get("/inbox/why/ld_1?number=9").status_code == 404


def test_older_alerts_are_on_the_next_page(desk):
    for i in range(21):
        offer(desk.engine, f"ld_{i}")
    first = desk.page()
    assert first.count("<article") == 20
    older = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = desk.page(older)
    assert re.findall(r'id="alert-(\d+)"', second) == ["1"]
    assert "data-src" not in second, "an old page does not fetch the newest"


def test_one_owners_alerts_are_shown_alone(desk):
    offer(desk.engine, "ld_1")
    offer(desk.engine, "ld_2", owner="ana@company.com")
    page = desk.page("/inbox?owner=ana@company.com")
    assert re.findall(r'data-src="([^"]+)"', page) == ["/inbox/list?owner=ana%40company.com"]
    assert page.count("<article") == 1
    assert '<input type="hidden" name="owner" value="ana@company.com">' in page
    assert "No alerts for Bob" in desk.page("/inbox?owner=bob@company.com")
    assert desk.page("/inbox/list?owner=ana@company.com").count("<article") == 1


def test_the_text_of_a_stranger_is_text(desk):
    offer(desk.engine, lead=HOSTILE, profile=None)
    page = desk.page()
    assert "<script>document" not in page
    assert "&lt;script&gt;document" in page
    assert "<img" not in page
    assert "evil.example" not in "".join(re.findall(r'href="[^"]*"', page))
    assert page.count("<strong>Why you:</strong>") == 1


def test_a_pages_policy_allows_only_its_own_script(desk):
    answers = [desk.client.get("/inbox"), desk.client.get("/inbox")]
    nonces = [re.search(r"script-src 'nonce-([^']+)'", a.headers["content-security-policy"])[1] for a in answers]
    assert nonces[0] != nonces[1]
    for answer, nonce in zip(answers, nonces, strict=True):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert re.findall(r"<script[^>]*>", answer.text) == [f'<script nonce="{nonce}">']
        assert answer.headers["cache-control"] == "no-store"


def test_the_crm_can_be_looked_at(desk):
    for path in (
        "/inbox/crm",
        "/inbox/crm?table=companies",
        "/inbox/crm?table=tasks",
        "/inbox/crm?table=notes",
    ):
        assert "0 in all, page 1 of 1" in desk.page(path)
    offer(desk.engine)
    assert "Not in the embedded CRM" in desk.page("/inbox/crm/ld_1")
    assert desk.client.get("/inbox/crm/ld_9").status_code == 404
    assert desk.client.get("/inbox/crm?table=nonsense").status_code == 422


@pytest.mark.parametrize("owner", ["%00", "x" * 400])
def test_an_owner_that_no_address_could_be_is_refused(database, owner):
    assert desk_over(database).client.get(f"/inbox?owner={owner}").status_code == 422


def test_an_address_with_quotes_stays_within_its_attribute(desk):
    offer(desk.engine, owner='"><script>x</script>@company.com')
    assert "<script>x" not in desk.page()
    assert decision()["lead_id"] == "ld_01J9"


def test_the_ledger_of_each_pool_is_shown_with_shares_turns_caps_and_who_is_there(engine):
    people = """"people": {"ana": {"email": "ana@company.com", "max_open": 40},
                           "ben": {"email": "ben@company.com", "hours": "sat 09:00-10:00"}}"""
    pools = """"pools": {"crew": {"members": {"ana": 2, "ben": 1}, "cap": "8/day", "if_none": "desk@company.com"},
                         "held": {"members": ["<b>@company.com"], "off_hours": "hold"}}"""
    table = parse(f'{{"DEFAULT": "g@company.com", {people}, {pools}}}'.replace("<b>", "b'x"))
    row = {
        "pool": "crew",
        "version": 1201,
        "credits": '{"ana@company.com": -250000}',
        "turns": '{"ana@company.com": 1200, "ben@company.com": 1}',
        "spent": f'{{"day": {{"period": "{NOW:%Y-%m-%d}", "leads": {{"ana@company.com": 3}}}}}}',
        "updated_at": NOW,
    }
    with engine.begin() as connection:
        connection.execute(insert(pool_rows).values(**row))
    page = desk_over(engine, routing=table).page("/inbox/ledger")
    for part in (
        "1,201 turns so far",
        "67%",
        "-0.25",
        "3 of 8 today, 0 of 40 open",
        "works now",
        "begins Sat",
        "leads go to desk@company.com",
        "a lead waits for its member’s opening",
        "b&#39;x@company.com",
        'aria-current="page">Pools',
    ):
        assert part in page, part


def test_a_file_without_pools_says_so_on_the_page_of_pools(engine):
    assert "has no pools" in desk_over(engine, routing=parse('{"DEFAULT": "g@company.com"}')).page("/inbox/ledger")


def test_the_ledger_needs_a_login_like_every_page(engine):
    def refused():
        raise HTTPException(401)

    assert desk_over(engine, login=refused).client.get("/inbox/ledger").status_code == 401


def test_an_accepted_lead_is_touched_and_closed_with_buttons_of_its_own(database):
    offer(database)
    desk = desk_over(database)
    desk.press("accept", value="ld_1:1")
    dispatch(database)
    page = desk.page()
    assert "first touch by" in page
    assert 'class="primary">Log call</button>' in page
    assert page.count('action="/inbox/touch"') == 2
    assert page.count('action="/inbox/close"') == 1
    desk.press("touch", value="ld_1:1", code="call")
    assert "First touch logged after 1 min 12 s." in desk.page()
    dispatch(database)
    page = desk.page()
    assert "<strong>First touch 1 min 12 s</strong>" in page
    assert "first touch 1 min 12 s</span>" in page
    assert 'action="/inbox/touch"' not in page
    desk.press("close", value="ld_1:1", code="no_show")
    dispatch(database)
    page = desk.page()
    assert "<strong>No-show, closed by Dee</strong>" in page
    assert "no-show</span>" in page
    assert 'action="/inbox/close"' not in page
    assert [note.text for note in inbox.alerts(database)[0].notes] == [
        "Accepted by Dee in 1 min 12 s.",
        "First touch by Dee after 1 min 12 s, in time.",
        "No-show, closed by Dee. Was the score right?",
    ]


def test_what_is_not_theirs_yet_or_any_more_can_be_neither_touched_nor_closed(desk):
    offer(desk.engine)
    desk.press("touch", value="ld_1:1", code="call")
    assert "This lead was not accepted yet." in desk.page()
    desk.press("close", value="ld_1:1", code="won")
    assert inbox.alerts(desk.engine)[0].state == "offered"
    desk.press("accept", value="ld_1:1")
    desk.press("touch", value="ld_1:1", code="booked")
    desk.press("touch", value="ld_1:1", code="call")
    assert "Dee has touched this lead already." in desk.page()
    desk.press("close", value="ld_1:1", code="won")
    desk.press("close", value="ld_1:1", code="lost")
    assert "This lead is closed: won." in desk.page()
    move(desk.engine, "ld_1", "eli@company.com")
    desk.press("close", value="ld_1:1", code="lost")
    assert "This lead has moved to Eli." in desk.page()


def test_accounts_are_ranked_with_both_chances_and_their_currency(engine):
    rows = [
        {"parent_domain": f"a{n}.com", "name": "<b>A</b>" if n else None, "p_max": 0.8, "p_calibrated": 0.75, "companies": 2,
         "leads": 3, "acv_usd": 10_000.0, "priority_usd": 1000.0 * n, "updated_at": NOW}
        for n in range(3)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(accounts.insert(), rows)
    page = desk_over(engine).page("/inbox/accounts")
    assert "&lt;b&gt;A&lt;/b&gt;" in page
    assert "<b>A" not in page
    assert page.index("2,000") < page.index("a0.com")
    assert "75.0%" in page
    assert "80.0%" in page
    assert "Priority, USD" in page
    assert 'href="/inbox/accounts"' in desk_over(engine).page("/inbox")


def test_accounts_are_searched_and_an_empty_ranking_says_so(engine):
    desk = desk_over(engine)
    assert "No account yet" in desk.page("/inbox/accounts")
    assert "No account matches" in desk.page("/inbox/accounts?find=zzz")
    assert desk.client.get("/inbox/accounts?page=0").status_code == 422
