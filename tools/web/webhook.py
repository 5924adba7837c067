"""POST /webhooks/lead: read the raw bytes once, validate once, accept durably, answer.

The same `Webhook.answer` stands behind a plain ASGI function (the fast way in, used by the server) and behind a FastAPI
route (which documents it); a differential test holds them together.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import structlog
from standardwebhooks.webhooks import EmptyWebhookSecretError, WebhookVerificationError
from standardwebhooks.webhooks import Webhook as SignedWebhook

from graph.domain.lead import Form, Submission
from graph.rules.firmographics import source_key
from tools.idempotency import Identifier, Keys
from tools.observe import metrics
from tools.stream.codec import encode
from tools.stream.inbox import Accepted, Envelope, Inbox, StreamUnavailable
from tools.web.answers import Answer, Refused, json_answer
from tools.web.intake import LeadForm, parse_body, to_form
from tools.web.plain_form import PlainForms, wants_page
from tools.web.waiting import Decisions

log = structlog.get_logger(__name__)
PATH = "/webhooks/lead"
LONGEST_KEY = 255
LONGEST_NUMBER = 15  # digits of a length that anybody means
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class IntakeOptions:
    """Limits in bytes, seconds and milliseconds; secrets: source name (or `*` for all) -> Standard Webhooks secret."""

    body_limit: int
    wait_limit_s: float
    content_window_ms: int
    event_window_ms: int
    base_url: str
    secrets: Mapping[str, str]


class Webhook:
    def __init__(
        self,
        inbox: Inbox,
        identifier: Identifier,
        decisions: Decisions,
        options: IntakeOptions,
        plain: PlainForms | None = None,
    ) -> None:
        """plain: what browsers without a script see. Raises ValueError for a secret that is none."""
        self._inbox, self._identifier, self._decisions = inbox, identifier, decisions
        self._options, self._plain = options, plain or PlainForms(frozenset())
        self._signed = {_source(name): verifier(name, secret) for name, secret in options.secrets.items()}

    async def read_and_answer(self, headers: Mapping[str, str], query: str, receive: Receive) -> Answer:
        """The same for a body that is still to come."""
        raw = b""
        try:
            raw = await read_body(receive, headers, self._options.body_limit)
        except Refused as refused:
            metrics.rejected.labels(str(refused.status)).inc()
            answer = refused.answer()
        else:
            answer = await self.answer(headers, query, raw)
        return self._plain.page(headers, raw, answer) if wants_page(headers) else answer

    async def answer(self, headers: Mapping[str, str], query: str, raw: bytes) -> Answer:
        """`headers` has lower-case names. Never raises for what a caller sent."""
        started = time.perf_counter()
        try:
            answer = await self._take(headers, query, raw)
        except Refused as refused:
            metrics.rejected.labels(str(refused.status)).inc()
            return refused.answer()
        except StreamUnavailable as error:
            metrics.rejected.labels("503").inc()
            log.warning("intake unavailable", reason=error.reason)
            return unavailable().answer()
        metrics.accept_seconds.observe(time.perf_counter() - started)
        return answer

    async def _take(self, headers: Mapping[str, str], query: str, raw: bytes) -> Answer:
        if len(raw) > self._options.body_limit:
            raise too_large(self._options.body_limit)
        wait_s = self.wait_of(query)
        given = parse_body(raw, headers.get("content-type", ""))
        self.check_signature(given.source, headers, raw)
        return await self.take(given, headers, raw, wait_s)

    async def take(self, given: LeadForm, headers: Mapping[str, str], raw: bytes, wait_s: float) -> Answer:
        """Accept what was read and checked; `raw` is what it was read from. Raises Refused and StreamUnavailable."""
        form = to_form(given)
        keys = self._keys(given, form, headers, raw)
        received_at = datetime.now(UTC)
        submission = Submission(keys.submission_id, keys.lead_id, received_at, form)
        ttl_ms = self._options.content_window_ms if keys.kind == "content" else self._options.event_window_ms
        accepted = await self._inbox.accept(
            Envelope(keys.accept_key, keys.lead_id, keys.fingerprint, keys.submission_id, encode(submission), ttl_ms)
        )
        if not accepted.new and keys.kind == "header" and not accepted.same_body:
            raise Refused(
                422, "key_reused", "This Idempotency-Key came before with another body. Use a new key for a new lead."
            )
        return await self._tell(accepted, keys, received_at, wait_s)

    def lead_id(self, given: LeadForm) -> str | None:
        """Whose submission this would be; None without a way to reach them."""
        return self._identifier.lead_id(to_form(given))

    def _keys(self, given: LeadForm, form: Form, headers: Mapping[str, str], raw: bytes) -> Keys:
        header = headers.get("idempotency-key") or headers.get("webhook-id")
        if header is not None and len(header) > LONGEST_KEY:
            raise Refused(422, "key_too_long", f"An Idempotency-Key has at most {LONGEST_KEY} characters.")
        lead_id = self._identifier.lead_id(form)
        if lead_id is None:
            problem = {"field": "email", "problem": "no usable e-mail and no usable phone", "fix": "send one of them"}
            raise Refused(
                422, "unreachable", "A lead needs a valid e-mail or phone (with country or +prefix).", fields=(problem,)
            )
        return self._identifier.keys(form, lead_id, raw, event_id=given.event_id, header=header)

    async def _tell(self, accepted: Accepted, keys: Keys, received_at: datetime, wait_s: float) -> Answer:
        if accepted.new:
            metrics.accepted.labels(keys.kind).inc()
        else:
            metrics.duplicates.labels(keys.kind).inc()
        if wait_s > 0:
            outcome = await self._decisions.wait(accepted.submission_id, wait_s)
            if outcome is not None:
                elapsed = (datetime.now(UTC) - received_at).total_seconds()
                return json_answer(200, {"status": "decided", "processing_time": round(elapsed, 4), **outcome})
        first_answer = accepted.new or keys.kind == "header"  # the same key and body get the first answer again
        body = {
            "lead_id": accepted.lead_id,
            "status": "accepted" if first_answer else "duplicate",
            "decision": f"{self._options.base_url}/admin/leads/{accepted.lead_id}",
        }
        replayed = ((b"idempotency-replayed", b"true"),) if first_answer and not accepted.new else ()
        return json_answer(202, body, replayed)

    def wait_of(self, query: str) -> float:
        if not query:
            return 0.0
        values = parse_qs(query).get("wait")
        if not values:
            return 0.0
        try:
            wait_s = float(values[-1])
        except ValueError:
            wait_s = -1.0
        if not 0 <= wait_s < float("inf"):
            problem = {"field": "wait", "problem": "not a number of seconds", "fix": "send ?wait=1"}
            raise Refused(422, "invalid_field", "wait must be a number of seconds.", fields=(problem,))
        return min(wait_s, self._options.wait_limit_s)

    def check_signature(self, source: str | None, headers: Mapping[str, str], raw: bytes) -> None:
        """Raises Refused 401. A source counts in any spelling that the router takes for the same: none slips by unsigned."""
        if not self._signed:
            return
        verifier = self._signed.get(_source(source or "")) or self._signed.get("*")
        if verifier is None:
            return
        try:
            verifier.verify(raw, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            raise Refused(401, "bad_signature", "The webhook-signature does not fit this source's secret.") from None

    async def asgi(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """The route as a plain ASGI function."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        answer = await self.read_and_answer(headers, scope["query_string"].decode("latin-1"), receive)
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [
                    (b"content-type", answer.content_type),
                    (b"content-length", str(len(answer.body)).encode()),
                    *answer.headers,
                ],
            }
        )
        await send({"type": "http.response.body", "body": answer.body})


def _source(name: str) -> str:
    return "*" if name == "*" else source_key(name) or ""


def verifier(name: str, secret: str) -> SignedWebhook:
    try:
        return SignedWebhook(secret)
    except (EmptyWebhookSecretError, ValueError):
        raise ValueError(f"WEBHOOK_SECRETS: the secret of {name!r} is not whsec_ and base64") from None


def unavailable() -> Refused:
    return Refused(503, "unavailable", "The lead could not be stored. Nothing is lost: send it again.", retry_after_s=1)


def too_large(limit: int) -> Refused:
    return Refused(413, "too_large", f"The body is larger than {limit:,} bytes.")


async def read_body(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
    """The whole body, given up as soon as it is known to be too large. Raises Refused."""
    declared = headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > LONGEST_NUMBER or int(declared) > limit):
        raise too_large(limit)
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":  # half a form may look like a whole one
            raise Refused(400, "incomplete_body", "The connection was closed before the body was complete.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise too_large(limit)
        more = bool(message.get("more_body"))
    return parts[0] if len(parts) == 1 else b"".join(parts)
