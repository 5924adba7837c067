"""POST /webhooks/forms/{vendor}: who sent it, what it says, and then the way of every other lead.

A delivery is checked before its body is read, becomes the same lead form as a POST to /webhooks/lead, and is accepted by
the same code: once, durably, before anybody hears 202. What a vendor only names is fetched first, within a deadline; where
that fails the answer is 503, and the vendor sends the notification again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

import httpx
import orjson
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from tools.observe import metrics
from tools.observe.why import why
from tools.store.meetings import note_meeting
from tools.stream.inbox import StreamUnavailable
from tools.web.answers import Answer, Refused, json_answer
from tools.web.forms.flattening import Mapped, no_mapping
from tools.web.forms.normal import lead_form
from tools.web.forms.reading import payload_of
from tools.web.forms.seen import Seen
from tools.web.forms.vendor import Access, Delivery, GivenUp, Ignored, Incoming, Item, Meeting, Vendor, Wanted
from tools.web.intake import LeadForm
from tools.web.webhook import Receive, Webhook, read_body, unavailable

log = structlog.get_logger(__name__)
FETCHES: Final = 8
"""Requests to one vendor's API at once, for a notification that names many leads."""


Own: TypeAlias = Callable[[str, Mapping[str, str], str, bytes], Awaitable[Answer | None]]
"""(name, headers, query, raw) -> the answer of a form of one's own with a saved mapping; None where there is none."""


@dataclass(frozen=True, slots=True)
class FormOptions:
    """base_url: where vendors reach this server, which HubSpot signs; body_limit in bytes."""

    base_url: str
    body_limit: int


class FormIntake:
    """All vendors behind one route. `now` is the clock that signatures are held against."""

    def __init__(
        self,
        webhook: Webhook,
        vendors: Mapping[str, Vendor],
        accesses: Mapping[str, Access],
        engine: Engine,
        executor: Executor,
        seen: Seen,
        options: FormOptions,
        now: Callable[[], datetime],
        saved: Mapped = no_mapping,
        own: Own | None = None,
    ) -> None:
        self._webhook, self.vendors, self.accesses = webhook, vendors, accesses
        self._engine, self._executor, self.seen = engine, executor, seen
        self._options, self._now, self._saved, self._own = options, now, saved, own

    async def post(self, name: str, path: str, headers: Mapping[str, str], query: str, receive: Receive) -> Answer:
        """The answer to one delivery; never raises for what was sent."""
        code: str | None = None
        try:
            if name not in self.vendors and self._own is not None:
                return await self._owned(name, headers, query, receive)
            vendor = self._vendor(name)
            raw = await read_body(receive, headers, self._options.body_limit)
            answer = await self._take(vendor, path, headers, query, raw)
        except Refused as refused:
            answer, code = told(refused), refused.code
        except StreamUnavailable as error:
            log.warning("intake unavailable", reason=error.reason)
            answer, code = told(unavailable()), "unavailable"
        except SQLAlchemyError as error:
            log.warning("intake unavailable", part="database", error=why(error))
            answer, code = told(unavailable()), "unavailable"
        if answer.status >= 400:
            metrics.rejected.labels(str(answer.status)).inc()
        if name in self.vendors:
            metrics.form_deliveries.labels(name, str(answer.status)).inc()
            self.seen.note(name, answer.status, self._now(), code)
        return answer

    async def _owned(self, name: str, headers: Mapping[str, str], query: str, receive: Receive) -> Answer:
        raw = await read_body(receive, headers, self._options.body_limit)
        answer = None if self._own is None else await self._own(name, headers, query, raw)
        if answer is None:
            raise self._unknown()
        if answer.status >= 400:
            metrics.rejected.labels(str(answer.status)).inc()
        return answer

    def get(self, name: str, query: str) -> Answer:
        """What a vendor asks before it sends anything."""
        try:
            vendor = self._vendor(name)
            if vendor.challenge is not None:
                return vendor.challenge(dict(parse_qsl(query)), self.accesses[name])
            return told(Refused(405, "post_only", f"{vendor.title} sends its deliveries by POST."))
        except Refused as refused:
            return told(refused)

    def _vendor(self, name: str) -> Vendor:
        vendor = self.vendors.get(name)
        if vendor is None:
            raise self._unknown()
        return vendor

    def _unknown(self) -> Refused:
        there_are = f"There are: {', '.join(self.vendors)}"
        return Refused(
            404, "unknown_vendor", f"There is no such form vendor, and no form of your own of that name. {there_are}."
        )

    async def _take(self, vendor: Vendor, path: str, headers: Mapping[str, str], query: str, raw: bytes) -> Answer:
        access, wait_s = self.accesses[vendor.name], self._webhook.wait_of(query)
        if not access.secrets and not (vendor.open or access.open):
            raise Refused(
                401,
                "no_secret",
                f"FORM_SECRETS has no secret for {vendor.name}, so nothing can show that this is from {vendor.title}.",
            )
        if access.secrets:
            url = f"{self._options.base_url}{path}" + (f"?{query}" if query else "")
            vendor.check(Incoming("POST", url, headers, dict(parse_qsl(query)), raw, self._now()), access)
        payload = payload_of(raw, headers.get("content-type", ""), vendor.bodies)
        if access.secrets and vendor.check_payload is not None:
            vendor.check_payload(payload, access)
        items = await self._completed(vendor, access, vendor.read(payload))
        if len(items) == 1:
            if isinstance(items[0], Refused):
                raise items[0]
            return await self._one(vendor, items[0], headers, raw, wait_s)
        answers = [await self._one_of_many(vendor, item, headers, raw, wait_s) for item in items]
        return next((answer for answer in answers if answer.status >= 500), None) or _several(answers)

    async def _completed(self, vendor: Vendor, access: Access, items: Sequence[Item]) -> list[Item | Refused]:
        """What was only named is fetched; where that fails, why. The vendor then sends all again, and those that were
        accepted are duplicates."""
        wanted = list(dict.fromkeys(item.key for item in items if isinstance(item, Wanted)))
        if not wanted or vendor.fetch is None or vendor.complete is None:
            return list(items)
        if not access.token:
            raise Refused(503, "no_token", f"FORM_TOKENS has no token for {vendor.name}: its leads cannot be fetched.")
        fetch, complete, few = vendor.fetch, vendor.complete, asyncio.Semaphore(FETCHES)
        async with httpx.AsyncClient(timeout=access.deadline_s, follow_redirects=False) as client:

            async def one(key: str) -> Item | Refused:
                try:
                    async with few:
                        return complete(await fetch(client, access, key))
                except Refused as refused:
                    return refused

            fetched = await asyncio.gather(*(one(key) for key in wanted))
        return [*(item for item in items if not isinstance(item, Wanted)), *fetched]

    async def _one_of_many(
        self, vendor: Vendor, item: Item | Refused, headers: Mapping[str, str], raw: bytes, wait_s: float
    ) -> Answer:
        """One that cannot be taken leaves the others alone."""
        if isinstance(item, Refused):
            return told(item)
        try:
            return await self._one(vendor, item, headers, raw, wait_s)
        except Refused as refused:
            return told(refused)

    async def _one(self, vendor: Vendor, item: Item, headers: Mapping[str, str], raw: bytes, wait_s: float) -> Answer:
        if isinstance(item, Ignored):
            return json_answer(200, {"status": "ignored", "reason": item.reason})
        if isinstance(item, GivenUp):
            given = LeadForm(email=item.meeting.email)
            await self._meet(vendor, item.meeting, self._webhook.lead_id(given))
            return json_answer(200, {"status": "noted", "reason": "The meeting will not take place."})
        if not isinstance(item, Delivery):
            raise Refused(503, "no_token", f"{vendor.title} only names its leads, and there is no way to fetch them.")
        given = await asyncio.get_running_loop().run_in_executor(
            self._executor, partial(lead_form, vendor, item, self._saved)
        )
        if not self.accesses[vendor.name].secrets:
            self._webhook.check_signature(given.source, headers, raw)
        accepting = self._webhook.take(given, headers, raw, wait_s)
        if item.meeting is None:
            return await accepting
        answer, _ = await asyncio.gather(accepting, self._meet(vendor, item.meeting, self._webhook.lead_id(given)))
        return answer

    async def _meet(self, vendor: Vendor, meeting: Meeting, lead_id: str | None) -> None:
        key = hashlib.blake2b(meeting.key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        noting = partial(
            note_meeting,
            self._engine,
            event_key=f"{vendor.name}:{key}",
            lead_id=lead_id,
            email=meeting.email[:320] if meeting.email else None,
            at=meeting.at,
            received_at=self._now(),
            source=vendor.name,
            properties=dict(meeting.properties),
            cancelled=meeting.cancelled,
        )
        await asyncio.get_running_loop().run_in_executor(self._executor, noting)


def told(refused: Refused) -> Answer:
    """As everywhere, without the example, which is another vendor's shape."""
    body: dict[str, Any] = {"error": refused.code, "message": refused.message}
    if refused.fields:
        body["fields"] = refused.fields
    headers = ((b"retry-after", str(refused.retry_after_s).encode()),) if refused.retry_after_s else ()
    return json_answer(refused.status, body, headers)


def _several(answers: Sequence[Answer]) -> Answer:
    """One answer for a delivery of many: what became of each."""
    return json_answer(202, {"status": "accepted", "items": [orjson.loads(answer.body) for answer in answers]})
