"""POST /webhooks/forms/{name} for forms of one's own: who sent it is checked first, then the saved mapping makes a lead of it.

A payload of somebody who may send here is never lost: one that cannot become a lead is kept for the admin for 30 days.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs

import orjson
import structlog
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from standardwebhooks.webhooks import Webhook as SignedWebhook
from standardwebhooks.webhooks import WebhookVerificationError

from tools.observe.why import why
from tools.store import form_mappings as store
from tools.stream.inbox import StreamUnavailable
from tools.web.answers import Answer, Refused
from tools.web.forms.mapping.applying import KEPT_AS
from tools.web.forms.mapping.live import FormMappings
from tools.web.forms.mapping.payloads import flat_payload
from tools.web.forms.mapping.spec import Mapping as FormMapping
from tools.web.intake import LeadForm, refusal
from tools.web.webhook import Webhook, unavailable

T = TypeVar("T")
log = structlog.get_logger(__name__)
LOST: Final = (400, 415, 422)
"""Answers after which a sender does not try again: what it sent is kept here."""


class OwnForms:
    """webhook: the intake, which accepts what is read here."""

    def __init__(self, mappings: FormMappings, executor: Executor, webhook: Webhook) -> None:
        self.mappings = mappings
        self._executor, self._webhook = executor, webhook

    async def answer(self, name: str, headers: Mapping[str, str], query: str, raw: bytes) -> Answer | None:
        """None where there is no form of that name. `headers` has lower-case names. Never raises for what a caller sent."""
        try:
            mapping, salt = await self._thread(self.mappings.of, name)
        except SQLAlchemyError as error:
            log.warning("own form", part="database", error=why(error))
            return Refused(
                503, "unavailable", "The form's mapping could not be read: send it again.", retry_after_s=1
            ).answer()
        if mapping is None or salt is None:
            return None
        try:
            self._check(self.mappings.secret_bytes(name, salt), headers, query, raw)
        except Refused as refused:
            return refused.answer()
        answer = await self._lead(name, mapping, headers, query, raw)
        if answer.status in LOST:
            await self._keep(name, headers, raw, answer)
        return answer

    async def again(self, name: str, raw: bytes, content_type: str) -> Answer:
        """A kept payload once more, by the mapping that is in use now. What is refused again stays kept by the caller."""
        mapping, _ = await self._thread(self.mappings.of, name)
        if mapping is None:
            return Refused(404, "no_mapping", "No mapping is in use for this form.").answer()
        return await self._lead(name, mapping, {"content-type": content_type}, "", raw)

    async def _lead(
        self, name: str, mapping: FormMapping, headers: Mapping[str, str], query: str, raw: bytes
    ) -> Answer:
        try:
            flat = flat_payload(raw, headers.get("content-type", ""))
            applied = self.mappings.applied(name, mapping, flat)
            return await self._webhook.take(forgiving(applied.values), headers, raw, self._webhook.wait_of(query))
        except Refused as refused:
            return refused.answer()
        except StreamUnavailable as error:
            log.warning("intake unavailable", reason=error.reason)
            return unavailable().answer()

    def _check(self, secret: bytes, headers: Mapping[str, str], query: str, raw: bytes) -> None:
        if "webhook-signature" in headers:
            try:
                SignedWebhook(base64.b64encode(secret).decode()).verify(raw, dict(headers), json_parse=False)
            except (WebhookVerificationError, ValueError):
                raise Refused(401, "bad_signature", "The webhook-signature does not fit this form's secret.") from None
            return
        given = (parse_qs(query).get("key") or [""])[-1]
        if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), key_of(secret).encode()):
            raise Refused(
                401,
                "bad_key",
                "Sign the body as Standard Webhooks with this form's secret, or add ?key= to the address.",
            )

    async def _keep(self, name: str, headers: Mapping[str, str], raw: bytes, answer: Answer) -> None:
        reason = str(orjson.loads(answer.body).get("message", ""))
        content_type = headers.get("content-type", "")
        try:
            await self._thread(
                lambda: store.reject(
                    self.mappings.engine,
                    name,
                    raw,
                    content_type,
                    status=answer.status,
                    reason=reason,
                    now=self.mappings.clock(),
                )
            )
        except SQLAlchemyError as error:
            log.warning("rejected form not kept", form=name, error=why(error))

    async def _thread(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)


def key_of(secret: bytes) -> str:
    """The secret as it stands in an address."""
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def forgiving(values: dict[str, Any]) -> LeadForm:
    """The form of these values; one that its field cannot hold (a consent that says neither yes nor no, a text without end)
    is kept under another name, so that it costs no lead. Raises Refused for what is wrong with the whole."""
    held = dict(values)
    while True:
        try:
            return LeadForm.model_validate(held)
        except ValidationError as error:
            wrong = {str(item["loc"][0]) for item in error.errors(include_input=False) if item["loc"]} & held.keys()
            if not wrong:
                raise refusal(error) from None
            for field in wrong:
                held[KEPT_AS + field] = held.pop(field)
