"""One message to one endpoint: signed so that the library takes it, sent once, and every kind of answer understood."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook, WebhookVerificationError

from tests.fixtures.webhooks import WAY, Receiver
from tests.servers.base import DROP, LOSE, Answer, LocalServer
from tools.outgoing.sealing import new_secret
from tools.outgoing.sending import EXCERPT, Attempt, Sender, Way, retry_after, signed

BODY = {"type": "ping", "timestamp": "2026-03-02T08:00:00Z", "data": {"text": "Zürich – 東京"}}
TLS = httpx.create_ssl_context()


async def sent(url: str, *secrets: str, way: Way = WAY, tls: ssl.SSLContext = TLS) -> Attempt:
    sender = Sender(url, way, tls)
    try:
        return await sender.send("msg_1", BODY, secrets or [new_secret()], datetime.now(UTC))
    finally:
        await sender.aclose()


@pytest.fixture
def receiver() -> Any:
    with Receiver() as running:
        running.secrets = [new_secret()]
        yield running


async def test_the_library_takes_the_signature_of_the_body_as_it_was_sent(receiver: Receiver):
    attempt = await sent(receiver.url + "/hook?key=1", receiver.secrets[0])
    assert (attempt.ok, attempt.status, attempt.excerpt, attempt.error) == (True, 200, "taken", None)
    assert receiver.taken == [("msg_1", BODY)]
    request = receiver.requests[0]
    assert (request.method, request.target) == ("POST", "/hook?key=1")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert abs(int(request.headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60


async def test_while_a_secret_is_being_replaced_either_of_the_two_is_enough(receiver: Receiver):
    old, new = receiver.secrets[0], new_secret()
    assert (await sent(receiver.url, new, old)).ok
    receiver.secrets = [new]
    assert (await sent(receiver.url, new, old)).ok
    receiver.secrets = [new_secret()]
    refused = await sent(receiver.url, new, old)
    assert (refused.ok, refused.status, refused.error) == (False, 401, "status_401: no 2xx")
    assert len(receiver.requests[-1].headers["webhook-signature"].split(" ")) == 2


def test_a_signature_holds_for_its_id_time_and_body_alone():
    secret, now = new_secret(), datetime.now(UTC)
    headers = signed("msg_1", b'{"a":1}', [secret], now)
    Webhook(secret).verify(b'{"a":1}', headers)
    for changed in (
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)},
        {"webhook-signature": "v1," + base64.b64encode(b"x" * 32).decode()},
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(b'{"a":1}', headers | changed)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(b'{"a":2}', headers)
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(secret).verify(b"{}", signed("msg_1", b"{}", [secret], now - timedelta(minutes=6)))


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (Answer(204), 204, None),
        (Answer(302, headers={"Location": "http://169.254.169.254/"}), 302, "status_302: redirects are not followed"),
        (Answer(400, "what?"), 400, "status_400: no 2xx"),
        (Answer(410), 410, "status_410: the endpoint says that it is gone"),
        (Answer(500, "<b>oops</b>"), 500, "status_500: no 2xx"),
        (DROP, None, "unreachable: the connection broke before an answer"),
        (LOSE, None, "unreachable: the connection broke before an answer"),
        (Answer(200, delay_s=30), None, "timeout: no answer within 0.3 s"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_is_no_2xx_is_a_failure_with_its_reason(
    receiver: Receiver, answer: Answer, status: int | None, error: str | None
):
    receiver.script(answer)
    attempt = await sent(receiver.url, receiver.secrets[0], way=replace(WAY, deadline_s=0.3))
    assert (attempt.status, attempt.error) == (status, error)
    assert attempt.ok is (error is None)
    assert len(receiver.requests) == 1, "sent once, and no redirect followed"


async def test_where_nobody_listens_or_nobody_is_called_so_the_reason_maps_no_network(receiver: Receiver):
    receiver.stop()
    assert (await sent(receiver.url)).error == "unreachable: no connection"
    attempt = await sent("https://no-such-host.invalid/")
    assert attempt.error == "unreachable: the host's name is not known"
    receiver.start()


async def test_a_private_address_is_refused_before_a_connection(receiver: Receiver):
    strict = replace(WAY, private=False, resolve=lambda *_: _found("127.0.0.1"))
    attempt = await sent(f"https://hooks.example:{receiver.port}/", way=strict)
    assert attempt.status is None
    assert attempt.error == "refused: the host resolves to an address that is not of the public internet"
    assert (await sent(receiver.url, way=strict)).error.startswith("refused: a webhook goes over https")  # type: ignore[union-attr]
    assert receiver.requests == []


async def _found(*addresses: str) -> Sequence[str]:
    return addresses


async def test_of_a_long_or_strange_answer_the_beginning_is_kept_on_one_line(receiver: Receiver):
    receiver.script(Answer(500, b"a\x00b\x1b[31m\n\xff" + b"x" * 5_000_000))
    attempt = await sent(receiver.url)
    assert attempt.excerpt is not None
    assert attempt.excerpt.startswith("ab [31m \ufffdxxx")
    assert len(attempt.excerpt) == EXCERPT


class Trickling(LocalServer):
    """Speaks HTTP by hand: half a body, and then nothing, or the end."""

    def __init__(self, then: str, status: str = "200 OK") -> None:
        super().__init__()
        self._then, self._status = then, status

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {self._status}\r\nContent-Length: 1000\r\n\r\nhalf a".encode())
        await writer.drain()
        if self._then == "hang":
            await asyncio.sleep(20)
        writer.transport.abort()


@pytest.mark.parametrize("then", ["hang", "break"])
async def test_half_a_body_does_not_change_what_the_status_said(then: str):
    for status, ok in (("200 OK", True), ("500 Oops", False)):
        server = Trickling(then, status).start()
        attempt = await sent(server.url)
        assert (attempt.ok, attempt.excerpt) == (ok, "half a")
        server._loop.call_soon_threadsafe(server._stopping.set)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("30", 30.0),
        ("0", 0.0),
        ("999999999", 86_400.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("Mon, 02 Mar 2026 08:10:00 GMT", 600.0),
        ("Mon, 02 Mar 2020 08:10:00 GMT", 0.0),
    ],
)
def test_a_wish_to_wait_is_seconds_or_a_date_and_a_day_at_most(text: str | None, seconds: float | None):
    assert retry_after(text, datetime(2026, 3, 2, 8, 0, tzinfo=UTC)) == seconds


async def test_only_429_and_503_may_ask_for_patience(receiver: Receiver):
    for status, wish in ((429, 7.0), (503, 7.0), (500, None), (200, None)):
        receiver.script(Answer(status, headers={"Retry-After": "7"}))
        assert (await sent(receiver.url)).retry_after_s == wish
    receiver.script(Answer(429))
    assert (await sent(receiver.url)).retry_after_s is None


async def test_the_certificate_must_be_the_hosts_and_of_somebody_who_is_trusted(tmp_path: Path):
    """The connection goes to the resolved address, and still proves the name."""
    async with speaking_tls(tmp_path, "hooks.example") as (port, trusting):
        way = replace(WAY, resolve=lambda *_: _found("127.0.0.1"))
        assert (await sent(f"https://hooks.example:{port}/", way=way, tls=trusting)).status == 204
        other = await sent(f"https://other.example:{port}/", way=way, tls=trusting)
        assert other.error is not None
        assert "certificate is not good" in other.error
        stranger = await sent(f"https://hooks.example:{port}/", way=way)
        assert stranger.error is not None
        assert "certificate is not good" in stranger.error


@asynccontextmanager
async def speaking_tls(folder: Path, name: str) -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    """A server with a certificate for this name, and a context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "tls.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    trusting = ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving)
    async with server:
        yield server.sockets[0].getsockname()[1], trusting
