"""The routing file over HTTP: what the console asks, and two editors who never lose an edit."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from tests.fixtures.front import ADMIN, client_of, opened, settings_of
from tests.fixtures.router import ROUTING, person, ports_of, settle, the_table, threads
from tools.editing import watch
from tools.editing.watch import Watch
from tools.embedded.valkey import EmbeddedValkey
from tools.store.engine import open_engine
from tools.store.routing_versions import keep_version
from tools.web.bodies import MOST_BYTES, Busy, Few
from tools.web.server import FrontDoor

WHO = {"by": "sam", "reason": "because"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "live").mkdir()
    return Path(shutil.copy(ROUTING, tmp_path / "live"))


@pytest.fixture
async def door(
    path: Path, tmp_path: Path, shared_valkey: EmbeddedValkey, sqlite_url: str, redis: Redis
) -> AsyncIterator[FrontDoor]:
    async with opened(settings_of(tmp_path, shared_valkey.url, sqlite_url, routing_file=path)) as running:
        yield running


@pytest.fixture
async def console(door: FrontDoor) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(door, headers=ADMIN) as speaking:
        yield speaking


async def live(console: httpx.AsyncClient) -> tuple[str, str]:
    answer = await console.get("/admin/rules")
    assert answer.status_code == 200
    assert answer.headers["etag"] == f'"{answer.json()["digest"]}"'
    return answer.json()["text"], answer.headers["etag"]


async def apply(console: httpx.AsyncClient, text: str, etag: str | None, **more: Any) -> httpx.Response:
    headers = {} if etag is None else {"If-Match": etag}
    return await console.post("/admin/rules/apply", json={"text": text, **WHO, **more}, headers=headers)


async def test_nobody_gets_in_without_the_token(door: FrontDoor):
    async with client_of(door) as stranger:
        assert (await stranger.get("/admin/rules")).status_code == 401
        assert (await stranger.post("/admin/rules/apply", json={})).status_code == 401


async def test_an_edit_goes_live_with_the_etag_of_what_it_was_made_from(console: httpx.AsyncClient, path: Path):
    text, etag = await live(console)
    answer = await apply(console, text.replace('"to": "pia"', '"to": "omar"'), etag)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "applied")
    assert '"to": "omar"' in path.read_text()
    assert answer.headers["etag"] == (await live(console))[1] != etag
    newest, first = (await console.get("/admin/rules/history")).json()["live"]
    assert (newest["author"], newest["reason"], first["author"]) == ("sam@company.com", "because", "file")
    old = await console.get(f"/admin/rules/versions/{first['digest'][:12]}")
    assert old.json()["text"] == text
    assert (await console.get("/admin/rules/versions/999")).status_code == 404


async def test_an_edit_without_an_etag_is_not_taken(console: httpx.AsyncClient):
    text, _ = await live(console)
    assert (await apply(console, text, None)).status_code == 428
    assert (await apply(console, text, "  ")).status_code == 428


async def test_the_second_of_two_editors_gets_a_merge_to_look_at(console: httpx.AsyncClient, path: Path):
    text, etag = await live(console)
    await apply(console, text.replace('"to": "pia"', '"to": "omar"'), etag)
    mine = text.replace("latam-team@company.com", "sao-paulo@company.com")
    answer = await apply(console, mine, etag)
    assert answer.status_code == 412
    assert "sao-paulo" not in path.read_text()
    told = answer.json()
    assert ('"to": "omar"' in told["text"], "sao-paulo" in told["text"]) == (True, True)
    again = await apply(console, told["text"], answer.headers["etag"])
    assert again.status_code == 200
    assert "sao-paulo" in path.read_text()


async def test_a_conflict_is_named(console: httpx.AsyncClient):
    text, etag = await live(console)
    await apply(console, text.replace('"to": "pia"', '"to": "omar"'), etag)
    answer = await apply(console, text.replace('"to": "pia"', '"to": "nina"'), etag)
    assert (answer.status_code, answer.json()["text"]) == (412, None)
    assert any("partner" in conflict for conflict in answer.json()["conflicts"])
    unknown = await apply(console, text, '"0123456789abcdef"')
    assert unknown.status_code == 412


async def test_a_text_that_is_not_fit_is_told_with_its_findings(console: httpx.AsyncClient):
    text, etag = await live(console)
    for bad, found in (('"to": "pai"', 'did you mean "pia"'), ("half", "expected")):
        broken = text.replace('"to": "pia"', bad)
        checked = (await console.post("/admin/rules/check", json={"text": broken})).json()
        assert checked["valid"] is False
        assert any(found in each for each in checked["findings"])
        assert (await apply(console, broken, etag)).status_code == 422
        assert (await console.post("/admin/rules/plan", json={"text": broken})).status_code == 422
    assert (await console.post("/admin/rules/check", json={"text": text})).json()["valid"] is True


async def test_a_plan_a_diff_and_a_merge_write_nothing(console: httpx.AsyncClient, path: Path):
    text, _ = await live(console)
    draft = text.replace('"to": "pia"', '"to": "omar"')
    planned = (await console.post("/admin/rules/plan", json={"text": draft})).json()
    assert (planned["leads"], planned["moved"], planned["stops"]) == (0, 0, [])
    changes = (await console.post("/admin/rules/diff", json={"before": text, "after": draft})).json()["changes"]
    assert [(each["section"], each["kind"]) for each in changes] == [("rules", "changed")]
    other = text.replace("latam-team@company.com", "sao-paulo@company.com")
    merged = (await console.post("/admin/rules/merge", json={"base": text, "ours": draft, "theirs": other})).json()
    assert (merged["conflicts"], "sao-paulo" in merged["text"]) == ([], True)
    assert (await console.post("/admin/rules/diff", json={"before": "{", "after": "{}"})).status_code == 422
    assert path.read_text() == text


async def test_approvals_schedules_and_cancelling(console: httpx.AsyncClient, path: Path, door: FrontDoor):
    text, etag = await live(console)
    guarded = text.replace('"default_sla"', '"guards": {"approvals": {"rules": 1}}, "default_sla"')
    etag = (await apply(console, guarded, etag)).headers["etag"]
    text, etag = await live(console)
    answer = await apply(console, text.replace('"to": "pia"', '"to": "omar"'), etag)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "proposed")
    change = answer.json()["change"]
    assert (await console.get("/admin/rules/history")).json()["waiting"][0]["id"] == change
    assert (await console.post(f"/admin/rules/changes/{change}/approve", json={"by": "sam"})).status_code == 422
    assert (await console.post(f"/admin/rules/changes/{change}/approve", json={"by": "nina"})).status_code == 200
    assert '"to": "omar"' in path.read_text()
    text, etag = await live(console)
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    later = await apply(console, text.replace("latam-team@company.com", "x@company.com"), etag, at=at)
    assert (later.status_code, later.json()["outcome"]) == (202, "scheduled")
    cancelled = await console.post(f"/admin/rules/changes/{later.json()['change']}/cancel", json={"by": "sam"})
    assert cancelled.status_code == 200
    assert (await console.post("/admin/rules/changes/999/cancel", json={"by": "sam"})).status_code == 422


async def test_a_rollback_restores_a_broken_file(console: httpx.AsyncClient, path: Path):
    text, etag = await live(console)
    path.write_text('{"half": ')
    shown = (await console.get("/admin/rules")).json()
    assert (shown["text"], bool(shown["fault"])) == (text, True)
    assert (await apply(console, text, etag)).status_code == 422
    back = await console.post("/admin/rules/rollback", json={"version": "live", **WHO})
    assert (back.status_code, back.json()["outcome"]) == (200, "applied")
    assert (await live(console))[0] == path.read_text()
    unknown = await console.post("/admin/rules/rollback", json={"version": "999", **WHO})
    assert unknown.status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b'{"text": 3}', b'{"text": "\\ud800"}', b'{"text": "x", "\\ud800": 1}', b'{"text": "a\\u0000"}',
        b'{"text": "{}", "by": "x"}', b"\xff\xfe",
    ],
)  # fmt: skip
async def test_a_body_that_is_none_is_refused_without_repeating_it(console: httpx.AsyncClient, body: bytes):
    headers = {"content-type": "application/json", "if-match": "*"}
    for route in ("check", "plan", "apply"):
        answer = await console.post(f"/admin/rules/{route}", content=body, headers=headers)
        assert answer.status_code in (400, 422), (route, answer.text)


async def test_a_body_that_is_too_large_is_refused_while_it_comes(console: httpx.AsyncClient):
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(MOST_BYTES // 65_536 + 2):
            yield b" " * 65_536

    answer = await console.post("/admin/rules/check", content=endless(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


async def test_only_so_many_plans_are_made_at_once():
    few, go = Few(threads=1, waiting=1), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow() -> str:
        asyncio.run_coroutine_threadsafe(go.wait(), loop).result()
        return "done"

    first, second = asyncio.create_task(few.run(slow)), asyncio.create_task(few.run(slow))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await few.run(slow)
    go.set()
    assert await asyncio.gather(first, second) == ["done", "done"]
    assert await few.run(slow) == "done"
    few.close()


async def test_what_could_not_go_live_at_its_time_is_a_fault_in_health_until_it_is_cancelled(
    console: httpx.AsyncClient, door: FrontDoor, path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(watch, "EVERY_S", 0.01)
    text, etag = await live(console)
    at = datetime.now(UTC) + timedelta(seconds=2)
    draft = text.replace('"to": "pia"', '"to": "omar"')
    change = (await apply(console, draft, etag, at=at.isoformat())).json()["change"]
    path.write_text(text.replace('"to": "pia"', '"to": "nina"').replace('"version": 2', '"version": 50'))

    async def fault() -> str:
        return str((await console.get("/health")).json()["parts"]["routing"].get("fault", ""))

    async with asyncio.timeout(30):
        while f"change {change} of sam@company.com could not go live" not in await fault():
            await asyncio.sleep(0.05)
    await console.post(f"/admin/rules/changes/{change}/cancel", json={"by": "sam"})
    async with asyncio.timeout(30):
        while await fault():
            await asyncio.sleep(0.05)


def test_a_watch_that_finds_the_database_away_looks_again(door: FrontDoor):
    class Gone:
        def run_due(self) -> list[Any]:
            raise RuntimeError("away")

    watching = Watch(Gone(), None, lambda: "", lambda: None)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        watching.look()


async def test_a_lead_is_explained(console: httpx.AsyncClient, door: FrontDoor, tmp_path: Path, sqlite_url: str):
    assert (await console.get("/admin/rules/explain/ld_nobody")).status_code == 404
    assert (await console.get("/admin/rules/explain/a%00b")).status_code == 422
    engine, ann = open_engine(sqlite_url), person("ann")
    with threads(2) as executor:
        await settle(engine, ports_of(engine, executor), ann)
    keep_version(engine, the_table().digest, the_table().text)
    engine.dispose()
    answer = await console.get(f"/admin/rules/explain/{ann.lead_id}")
    assert answer.status_code == 200
    assert any("maren" in sentence for sentence in answer.json()["sentences"])
