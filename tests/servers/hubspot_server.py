"""A small HubSpot on this machine: contacts, companies, deals, tasks, owners, properties and associations.

It refuses what HubSpot refuses (a wrong token, a property that does not exist, a value that is no text, a second object
with the same unique value), lets two companies share a domain as HubSpot does, and hides new objects from its search
while `search_lags` is set, as HubSpot's index does for some seconds. A batch whose inputs have trace ids answers 207 with an
error for each bad one; without them one bad input refuses it whole. `per_10s` and `searches_per_s` make it answer 429 with
HubSpot's policy names. `event` and `signed` make a delivery of webhook events.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections import deque
from dataclasses import replace
from itertools import count
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.servers.base import Answer, LocalServer, Request

TOKEN = "pat-test"
CLIENT_SECRET = "client-secret-of-the-app"
APP_ID = 987_654
_OWN = {
    "contacts": {
        "email phone firstname lastname jobtitle company country state message hubspot_owner_id hs_additional_emails"
    },
    "companies": {
        "domain name country state city numberofemployees hubspot_owner_id hs_parent_company_id",
        "hs_additional_domains zip address phone industry annualrevenue",
    },
    "deals": {
        "dealname amount deal_currency_code dealstage hubspot_owner_id hs_is_closed hs_is_closed_won",
        "closedate createdate closed_lost_reason closed_won_reason",
    },
    "tasks": {"hs_task_subject hs_task_body hs_task_status hs_task_type hs_timestamp hubspot_owner_id"},
    "notes": {"hs_note_body hs_timestamp hubspot_owner_id"},
}
_UNIQUE = {"contacts": {"email"}, "companies": set(), "deals": set(), "tasks": set(), "notes": set()}
_LINKS = {204: ("tasks", "contacts"), 202: ("notes", "contacts"), 192: ("tasks", "companies")}
_PATHS = [
    ("POST", r"/crm/v3/objects/(\w+)/search", "_search"),
    ("POST", r"/crm/v3/objects/(\w+)/batch/read", "_read"),
    ("POST", r"/crm/v3/objects/(\w+)/batch/upsert", "_upsert"),
    ("POST", r"/crm/v3/objects/(\w+)/batch/update", "_update"),
    ("POST", r"/crm/v3/objects/(\w+)/batch/create", "_create"),
    ("GET", r"/crm/v3/objects/(\w+)", "_list"),
    ("POST", r"/crm/v4/associations/(\w+)/(\w+)/batch/associate/default", "_link"),
    ("POST", r"/crm/v4/associations/(\w+)/(\w+)/batch/read", "_links"),
    ("GET", r"/crm/v3/owners/", "_owners"),
    ("GET", r"/crm/v3/properties/(\w+)/groups", "_group_list"),
    ("POST", r"/crm/v3/properties/(\w+)/groups", "_group_create"),
    ("GET", r"/crm/v3/properties/(\w+)", "_property_list"),
    ("POST", r"/crm/v3/properties/(\w+)", "_property_create"),
]


class Refused(Exception):
    def __init__(self, status: int, category: str, code: str = "", name: str = "") -> None:
        super().__init__(category)
        detail = {"message": "secret@person.example was not valid", "code": code, "context": {"propertyName": [name]}}
        self.status = status
        self.body = {
            "status": "error",
            "category": category,
            "message": "about secret@person.example",
            "errors": [detail] if code else [],
            "correlationId": "c0ffee-1",
        }


class HubSpotServer(LocalServer):
    """`objects[kind]`: id -> properties. `owners`: id -> e-mail. `users`: owner id -> user id. `linked`: (kind, id, to kind)
    -> ids."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, dict[str, dict[str, str]]] = {kind: {} for kind in _OWN}
        self.properties = {kind: set(" ".join(names).split()) for kind, names in _OWN.items()}
        self.unique = {kind: set(names) for kind, names in _UNIQUE.items()}
        self.owners: dict[str, str] = {}
        self.linked: dict[tuple[str, str, str], list[str]] = {}
        self.users: dict[str, str] = {}
        self.groups = {kind: {f"{kind}information"} for kind in _OWN}
        self.per_10s = self.searches_per_s = 10**9
        self._called: deque[float] = deque()
        self._searched: deque[float] = deque()
        self.search_lags = False
        self.page = 1000
        self._indexed: set[str] = set()
        self._ids = count(101)

    def add(self, kind: str, to: tuple[str, str] | None = None, **properties: str) -> str:
        """An object that people made; linked to the object `to` (kind, id)."""
        number = self._new(kind, dict(properties))
        self._indexed.add(number)
        if to is not None:
            self._tie(kind, number, *to)
        return number

    def called(self, method: str, path: str) -> list[Any]:
        """The bodies of the requests whose path ends so, in order; None for those without one."""
        asked = [r for r in self.requests if r.method == method and r.path.endswith(path)]
        return [r.json() if r.body else None for r in asked]

    def handle(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer(401, {"status": "error", "category": "INVALID_AUTHENTICATION", "correlationId": "c0ffee-1"})
        limited = self._limited(request)
        if limited is not None:
            return limited
        for method, pattern, handler in _PATHS:
            matched = re.fullmatch(pattern, request.path)
            if method == request.method and matched:
                try:
                    return getattr(self, handler)(request, *map(unquote, matched.groups()))
                except Refused as refused:
                    return Answer(refused.status, refused.body)
        return Answer(404, {"status": "error", "category": "OBJECT_NOT_FOUND"})

    def _limited(self, request: Request) -> Answer | None:
        now, search = time.monotonic(), request.path.endswith("/search")
        for held, most, window_s, policy, applies in (
            (self._called, self.per_10s, 10.0, "TEN_SECONDLY_ROLLING", True),
            (self._searched, self.searches_per_s, 1.0, "SECONDLY", search),
        ):
            while held and held[0] <= now - window_s:
                held.popleft()
            if applies and len(held) >= most:
                told = {"status": "error", "errorType": "RATE_LIMIT", "policyName": policy, "correlationId": "c0ffee-1"}
                return Answer(429, {**told, "message": f"You have reached your {policy} limit."})
        self._called.append(now)
        if search:
            self._searched.append(now)
        return None

    def _search(self, request: Request, kind: str) -> Answer:
        body = request.json()
        (group,) = body["filterGroups"]
        (among,) = group["filters"]
        self._check_names(kind, [among["propertyName"], *body.get("properties", [])])
        if among["operator"] != "IN" or not 1 <= len(among["values"]) <= 100 or body["limit"] > 200:
            raise Refused(400, "VALIDATION_ERROR")
        visible = self.objects[kind].keys() if not self.search_lags else self.objects[kind].keys() & self._indexed
        hits = [n for n in self.objects[kind] if n in visible]
        hits = [n for n in hits if self.objects[kind][n].get(among["propertyName"]) in among["values"]]
        start = int(body.get("after") or 0)
        shown = [self._shown(kind, number) for number in hits[start : start + self.page]]
        paging = {"next": {"after": str(start + self.page)}} if start + self.page < len(hits) else None
        return Answer(200, {"total": len(hits), "results": shown, **({"paging": paging} if paging else {})})

    def _list(self, request: Request, kind: str) -> Answer:
        numbers, start = list(self.objects[kind]), int(request.query.get("after") or 0)
        until = start + min(self.page, int(request.query.get("limit") or 10))
        shown = [self._shown(kind, number) for number in numbers[start:until]]
        for one in shown:
            for to_kind in _listed(request, "associations"):
                ties = [{"id": to, "type": "any"} for to in self.linked.get((kind, one["id"], to_kind), [])]
                if ties:
                    one.setdefault("associations", {})[to_kind] = {"results": ties}
        following = {"paging": {"next": {"after": str(until)}}} if until < len(numbers) else {}
        return Answer(200, {"results": shown, **following})

    def _read(self, request: Request, kind: str) -> Answer:
        body = request.json()
        self._check_names(kind, body.get("properties", []))
        found, errors = [], []
        for one in body["inputs"]:
            number = self._by(kind, one["id"], body.get("idProperty"))
            if number is not None:
                found.append(self._shown(kind, number))
            else:
                told = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "no", "context": {}, "links": {}}
                errors.append({**told, "errors": []})
        return _batch(found, errors)

    def _each(self, request: Request, change: Any) -> Answer:
        """The results of `change` for each input. Inputs with trace ids fail alone, others together."""
        inputs = request.json()["inputs"]
        traces = [one.get("objectWriteTraceId") for one in inputs]
        if not 1 <= len(inputs) <= 100 or len({t for t in traces if t}) != sum(t is not None for t in traces):
            raise Refused(400, "VALIDATION_ERROR")
        kept = {kind: {number: dict(has) for number, has in held.items()} for kind, held in self.objects.items()}
        found, errors = [], []
        for one, trace in zip(inputs, traces, strict=True):
            try:
                found.append(change(one) | ({"objectWriteTraceId": trace} if trace else {}))
            except Refused as refused:
                if trace is None:
                    self.objects = kept
                    raise
                told = {"status": "error", "category": refused.body["category"], "message": "no", "links": {}}
                errors.append({**told, "context": {"objectWriteTraceId": [trace]}, "errors": refused.body["errors"]})
        return _batch(found, errors)

    def _upsert(self, request: Request, kind: str) -> Answer:
        def change(one: Any) -> dict[str, Any]:
            self._check_values(kind, one["properties"])
            number = self._by(kind, one["id"], one["idProperty"])
            new = number is None
            if number is None:
                number = self._new(kind, {one["idProperty"]: one["id"]})
            self._set(kind, number, one["properties"])
            return {**self._shown(kind, number), "new": new}

        return self._each(request, change)

    def _create(self, request: Request, kind: str) -> Answer:
        def change(one: Any) -> dict[str, Any]:
            self._check_values(kind, one["properties"])
            ties = [(_LINKS[link["types"][0]["associationTypeId"]], link["to"]["id"]) for link in one["associations"]]
            for (from_kind, to_kind), to in ties:
                if from_kind != kind or to not in self.objects[to_kind]:
                    raise Refused(400, "VALIDATION_ERROR", "INVALID_ASSOCIATION")
            number = self._new(kind, one["properties"])
            for (_, to_kind), to in ties:
                self._tie(kind, number, to_kind, to)
            return self._shown(kind, number)

        answer = self._each(request, change)
        return replace(answer, status=201) if answer.status == 200 else answer

    def _update(self, request: Request, kind: str) -> Answer:
        def change(one: Any) -> dict[str, Any]:
            number = self._by(kind, one["id"], one.get("idProperty"))
            if number is None:
                raise Refused(404, "OBJECT_NOT_FOUND")
            self._set(kind, number, one["properties"])
            return self._shown(kind, number)

        return self._each(request, change)

    def _link(self, request: Request, kind: str, to_kind: str) -> Answer:
        found, errors = [], []
        for one in request.json()["inputs"]:
            number, to = one["from"]["id"], one["to"]["id"]
            if number not in self.objects[kind] or to not in self.objects[to_kind]:
                told = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "no", "links": {}, "errors": []}
                errors.append({**told, "context": {"fromObjectId": [number], "toObjectId": [to]}})
                continue
            self._tie(kind, number, to_kind, to)
            spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}
            found.append({"from": {"id": number}, "to": {"id": to}, "associationSpec": spec})
        return _batch(found, errors)

    def _links(self, request: Request, kind: str, to_kind: str) -> Answer:
        found = []
        for one in request.json()["inputs"]:
            to = self.linked.get((kind, one["id"], to_kind), [])
            if to:
                ties = [{"toObjectId": number, "associationTypes": []} for number in to]
                found.append({"from": {"id": one["id"]}, "to": ties})
        return _batch(found, [])

    def _owners(self, request: Request) -> Answer:
        listed, start = list(self.owners.items()), int(request.query.get("after") or 0)
        shown = [
            {"id": number, "email": email, "archived": False, "userId": int(self.users.get(number, "0")) or None}
            for number, email in listed[start : start + self.page]
        ]
        following = {"paging": {"next": {"after": str(start + self.page)}}} if start + self.page < len(listed) else {}
        return Answer(200, {"results": shown, **following})

    def _property_list(self, _: Request, kind: str) -> Answer:
        return Answer(200, {"results": [{"name": name} for name in sorted(self.properties[kind])]})

    def _property_create(self, request: Request, kind: str) -> Answer:
        body = request.json()
        if body["name"] in self.properties[kind]:
            raise Refused(409, "CONFLICT")
        if body["groupName"] not in self.groups[kind]:
            raise Refused(400, "VALIDATION_ERROR", "GROUP_DOESNT_EXIST")
        self.properties[kind].add(body["name"])
        if body.get("hasUniqueValue"):
            self.unique[kind].add(body["name"])
        return Answer(201, body)

    def _group_list(self, _: Request, kind: str) -> Answer:
        return Answer(200, {"results": [{"name": name, "label": name} for name in sorted(self.groups[kind])]})

    def _group_create(self, request: Request, kind: str) -> Answer:
        body = request.json()
        if body["name"] in self.groups[kind]:
            raise Refused(409, "CONFLICT")
        self.groups[kind].add(body["name"])
        return Answer(201, {**body, "archived": False})

    def _by(self, kind: str, value: str, name: str | None) -> str | None:
        if name is None:
            return value if value in self.objects[kind] else None
        if name not in self.unique[kind]:
            raise Refused(400, "VALIDATION_ERROR", "NOT_UNIQUE", name)
        for number, properties in self.objects[kind].items():
            further = properties.get("hs_additional_emails", "").split(";") if name == "email" else []
            if value.lower() in {properties.get(name, "").lower(), *further}:
                return number
        return None

    def _new(self, kind: str, properties: dict[str, str]) -> str:
        number = str(next(self._ids))
        self.objects[kind][number] = dict(properties)
        return number

    def _set(self, kind: str, number: str, properties: dict[str, str]) -> None:
        self._check_values(kind, properties)
        for name in properties.keys() & self.unique[kind]:
            if self._by(kind, properties[name], name) not in {None, number}:
                raise Refused(409, "CONFLICT")
        self.objects[kind][number].update(properties)

    def _check_names(self, kind: str, names: list[str]) -> None:
        for name in names:
            if name not in self.properties[kind]:
                raise Refused(400, "VALIDATION_ERROR", "PROPERTY_DOESNT_EXIST", name)

    def _check_values(self, kind: str, properties: dict[str, Any]) -> None:
        self._check_names(kind, list(properties))
        for name, value in properties.items():
            if not isinstance(value, str):
                raise Refused(400, "VALIDATION_ERROR", "INVALID_TYPE", name)
            if name == "email" and "@" not in value:
                raise Refused(400, "VALIDATION_ERROR", "INVALID_EMAIL", name)

    def _tie(self, kind: str, number: str, to_kind: str, to: str) -> None:
        for key, other in (((kind, number, to_kind), to), ((to_kind, to, kind), number)):
            if other not in self.linked.setdefault(key, []):
                self.linked[key].append(other)

    def _shown(self, kind: str, number: str) -> dict[str, Any]:
        times = {"createdAt": "2026-01-05T09:00:00Z", "updatedAt": "2026-01-05T09:00:00Z", "archived": False}
        return {"id": number, "properties": self.objects[kind][number], **times}


def _listed(request: Request, name: str) -> list[str]:
    """The values of a query's name, given apart or with commas."""
    return [one for value in parse_qs(urlsplit(request.target).query).get(name, ()) for one in value.split(",") if one]


def _batch(results: list[Any], errors: list[Any]) -> Answer:
    times = {"startedAt": "2026-01-05T09:00:00Z", "completedAt": "2026-01-05T09:00:00Z"}
    body = {"status": "COMPLETE", "results": results, **times}
    return Answer(207, {**body, "numErrors": len(errors), "errors": errors}) if errors else Answer(200, body)


def signed(url: str, body: bytes, at_ms: int, secret: str = CLIENT_SECRET) -> dict[str, str]:
    """The headers of a delivery to this URL, as HubSpot signs it (version 3)."""
    source = b"POST" + url.encode() + body + str(at_ms).encode()
    digest = hmac.new(secret.encode(), source, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "x-hubspot-signature-v3": base64.b64encode(digest).decode(),
        "x-hubspot-request-timestamp": str(at_ms),
    }


def event(number: int, kind: str, object_id: str, at_ms: int, **more: Any) -> dict[str, Any]:
    """One event as HubSpot sends it; by a person in its pages unless `more` says otherwise."""
    return {
        "eventId": number,
        "subscriptionId": 234_567,
        "portalId": 12_345_678,
        "appId": APP_ID,
        "occurredAt": at_ms,
        "subscriptionType": kind,
        "attemptNumber": 0,
        "objectId": int(object_id),
        "changeSource": "CRM_UI",
        "sourceId": "userId:45678",
        **more,
    }
