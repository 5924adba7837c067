"""What a form vendor is to this router: how it proves who it is, and what a payload of its says. Never decides, stores or
answers anything: that is `intake.py`, for all vendors alike.

A folder of this package with a `samples` folder and a `VENDOR` is a vendor; nothing else has to know of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

import httpx

from tools.web.answers import Answer
from tools.web.forms.flattening import Flat, Value

Payload: TypeAlias = dict[str, Any]
BodyKind: TypeAlias = Literal["json", "form", "multipart"]
EVERY_BODY: tuple[BodyKind, ...] = ("json", "form", "multipart")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it arrived. headers: lower-case names; url: as the vendor called it, from the public address."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    raw: bytes
    now: datetime


@dataclass(frozen=True, slots=True)
class Access:
    """What the settings know of one vendor. secrets: any of them will do (two while one is being changed); token: for
    its API at api_url; deadline_s: seconds for one answer of it."""

    secrets: tuple[str, ...] = ()
    open: bool = False
    token: str = ""
    verify_token: str = ""
    api_url: str = ""
    api_version: str = ""
    deadline_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting that somebody booked or gave up. key: the vendor's id of the booking, for ever the same."""

    key: str
    email: str | None
    at: datetime
    properties: Mapping[str, Any]
    cancelled: str | None = None
    """Why it will not take place; None while it will."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One submission. flat: its fields under the names that the form's admin gave them; hints: name in `flat` -> field of
    `LeadForm`, where the vendor itself says what a field is; kept: what becomes `extra` beside the fields nobody mapped
    (campaign, page, hidden fields); form: the vendor's id of the form; event_id: of the submission, the same when it is
    sent again."""

    flat: Flat
    event_id: str | None = None
    submitted_at: str | None = None
    form: str = ""
    hints: Mapping[str, str] = field(default_factory=dict)
    consent: bool | None = None
    consent_text: str | None = None
    kept: Mapping[str, Value] = field(default_factory=dict)
    meeting: Meeting | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing to do, and why: another event, a test."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A lead that the vendor only names: its fields have to be fetched."""

    key: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A meeting that will not take place."""

    meeting: Meeting


Item: TypeAlias = Delivery | Ignored | Wanted | GivenUp


@dataclass(frozen=True, slots=True)
class Vendor:
    """name: as in the URL, and the lead's source where the form says none. proof: in words, how it shows who it is.

    check: raises Refused 401, before anything of the body is read; check_payload: the same for a vendor whose key stands
    in the body. read: the items of one payload, or Refused 422 for one of another shape. bodies: how its payloads are
    encoded. names: more names of fields, in the spelling of `naming.plain`. open: needs no secret. challenge: answers
    its GET, where it tries the URL first. fetch: one named lead's payload from its API, which `complete` makes an item.
    """

    name: str
    title: str
    proof: str
    check: Callable[[Incoming, Access], None]
    read: Callable[[Payload], Sequence[Item]]
    bodies: tuple[BodyKind, ...] = ("json",)
    names: Mapping[str, str] = field(default_factory=dict)
    open: bool = False
    check_payload: Callable[[Payload, Access], None] | None = None
    challenge: Callable[[Mapping[str, str], Access], Answer] | None = None
    api_url: str = ""
    fetch: Callable[[httpx.AsyncClient, Access, str], Awaitable[Payload]] | None = None
    complete: Callable[[Payload], Item] | None = None
