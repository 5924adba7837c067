"""Each local vendor refuses what the real one refuses: a test against one that takes everything would prove nothing.

The first request of each is good and is taken; each of the others differs from it in one thing and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.servers.apollo_server import ApolloServer
from tests.servers.base import HALF, LocalServer
from tests.servers.clearbit_server import ClearbitServer
from tests.servers.described_server import DescribedServer
from tests.servers.hubspot_server import TOKEN as HUBSPOT
from tests.servers.hubspot_server import HubSpotServer
from tests.servers.openai_server import OpenAiServer
from tests.servers.pinecone_server import PineconeServer
from tests.servers.slack_server import TOKEN as SLACK
from tests.servers.slack_server import SlackServer

ASK = [{"role": "user", "content": 'json\n{"a": 1}\n'}]
CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def form(**changed: Any) -> dict[str, Any]:
    schema = {name: value for name, value in (CLOSED | changed).items() if value is not None}
    return {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}}


def slack() -> LocalServer:
    server = SlackServer()
    server.channels["C1"] = []
    return server


def pinecone() -> LocalServer:
    server = PineconeServer("k")
    server.records["n"]["a"] = {"id": "a", "values": [1.0, 0.0], "metadata": {}}
    return server


def apollo() -> LocalServer:
    server = ApolloServer("k")
    server.known["acme.com"] = {"name": "Acme"}
    return server


def clearbit() -> LocalServer:
    server = ClearbitServer("k")
    server.known["acme.com"] = {"id": "1"}
    return server


def described() -> LocalServer:
    server = DescribedServer("k")
    server.known["acme.com"] = {"name": "Acme"}
    return server


CHAT = {"json": {"model": "m", "messages": ASK, "response_format": form()}}
QUERY = {"vector": [0.5, 0.5], "topK": 1, "includeMetadata": True, "namespace": "n"}


def contact(**more: Any) -> dict[str, Any]:
    return {
        "inputs": [{"id": "maya@acme.com", "idProperty": "email", "properties": {"email": "maya@acme.com", **more}}]
    }


MESSAGE = {"channel": "C1", "text": "a lead", "blocks": []}
RAW = {"content": b'{"half": ', "headers": {"content-type": "application/json"}}


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


VENDORS: list[tuple[str, Callable[[], LocalServer], dict[str, str], dict[str, str], tuple[str, str], list[dict[str, Any]]]] = [
    (
        "openai chat", lambda: OpenAiServer("k"), bearer("k"), bearer("other"), ("POST", "/v1/chat/completions"),
        [
            CHAT,
            RAW,
            {"json": {"messages": ASK}},
            {"json": {"model": "m", "messages": []}},
            {"json": {"model": "m", "messages": [{"role": "boss", "content": "x"}]}},
            {"json": {"model": "m", "messages": [{"role": "user", "content": 5}]}},
            {"json": {"model": "m", "messages": ASK, "stream": True}},
            {"json": {"model": "m", "messages": ASK, "response_format": form(additionalProperties=None)}},
            {"json": {"model": "m", "messages": ASK, "response_format": form(required=[])}},
            {"json": {"model": "m", "messages": [{"role": "user", "content": "x"}],
                      "response_format": {"type": "json_object"}}},
        ],
    ),
    (
        "openai embeddings", lambda: OpenAiServer("k"), bearer("k"), bearer("other"), ("POST", "/v1/embeddings"),
        [
            {"json": {"model": "m", "input": ["a"]}},
            RAW,
            {"json": {"model": "m"}},
            {"json": {"model": "m", "input": []}},
            {"json": {"model": "m", "input": [""]}},
            {"json": {"model": "m", "input": [1]}},
        ],
    ),
    (
        "pinecone query", pinecone, {"api-key": "k"}, {"api-key": "other"}, ("POST", "/query"),
        [
            {"json": QUERY},
            RAW,
            {"json": QUERY | {"vector": [0.0, 0.0]}},
            {"json": QUERY | {"vector": [1.0, 0.0, 0.0]}},
            {"json": {"topK": 1}},
        ],
    ),
    (
        "pinecone upsert", pinecone, {"api-key": "k"}, {}, ("POST", "/vectors/upsert"),
        [
            {"json": {"vectors": [{"id": "b", "values": [1.0, 1.0]}], "namespace": "n"}},
            RAW,
            {"json": {}},
            {"json": {"vectors": [{"id": "", "values": [1.0, 1.0]}]}},
            {"json": {"vectors": [{"id": "b"}]}},
            {"json": {"vectors": [{"id": "b", "values": [1.0, 1.0], "metadata": {"x": None}}]}},
        ],
    ),
    (
        "apollo", apollo, {"x-api-key": "k"}, {"x-api-key": "other"}, ("GET", "/api/v1/organizations/enrich"),
        [{"params": {"domain": "acme.com"}}, {}, {"params": {"domain": ""}}, {"params": {"name": "Acme"}}],
    ),
    (
        "clearbit", clearbit, bearer("k"), {"authorization": "k"}, ("GET", "/v2/companies/find"),
        [{"params": {"domain": "acme.com"}}, {}, {"params": {"domain": ""}}, {"params": {"domain": "unknown.example"}}],
    ),
    (
        "described", described, {"authorization": "Token k"}, bearer("k"), ("POST", "/v1/search"),
        [
            {"json": {"company": {"web": "acme.com"}}}, RAW, {"json": {}}, {"json": {"company": "acme.com"}},
            {"json": {"company": {"web": ""}}},
        ],
    ),
    (
        "hubspot", HubSpotServer, bearer(HUBSPOT), bearer("pat-other"), ("POST", "/crm/v3/objects/contacts/batch/upsert"),
        [
            {"json": contact()},
            RAW,
            {"json": contact(no_such_property="x")},
            {"json": contact(email=5)},
        ],
    ),
    (
        "slack", slack, bearer(SLACK), bearer("xoxb-other"), ("POST", "/api/chat.postMessage"),
        [
            {"json": MESSAGE},
            RAW,
            {"json": MESSAGE | {"text": ""}},
            {"json": MESSAGE | {"channel": "C2"}},
            {"json": MESSAGE | {"blocks": [{"type": "header", "text": {"text": "x" * 151}}]}},
            {"json": MESSAGE | {"metadata": {"event_type": "x"}}},
        ],
    ),
]  # fmt: skip


def taken(answer: httpx.Response) -> bool:
    """Slack says in the body whether it took something."""
    return answer.status_code < 300 and answer.json().get("ok", True) is True


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor[0])
def vendor(request: pytest.FixtureRequest) -> Iterator[tuple[Callable[..., httpx.Response], Any]]:
    """(sends a request with these credentials, the row of the table)"""
    _, make, *_, (method, path), _ = row = request.param
    with make() as server, httpx.Client(base_url=server.url) as client:

        def send(headers: dict[str, str], wish: dict[str, Any]) -> httpx.Response:
            return client.request(method, path, **{**wish, "headers": wish.get("headers", {}) | headers})

        yield send, row


def test_the_good_request_is_taken_and_each_bad_body_is_refused(vendor: Any) -> None:
    send, (_, _, good, _, _, (first, *others)) = vendor
    assert others
    for bad in others:
        assert not taken(send(good, bad)), bad
    assert taken(send(good, first))


def test_without_the_right_key_the_good_request_is_refused(vendor: Any) -> None:
    send, (_, _, _, wrong, _, (first, *_)) = vendor
    assert not taken(send(wrong, first))
    assert not taken(send({}, first))


def test_half_a_body_is_half_a_body() -> None:
    with OpenAiServer("k") as server:
        server.always(HALF)
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(server.url)
