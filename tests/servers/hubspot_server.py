"""A small HubSpot on this machine: contacts, companies, deals, tasks, owners, properties and associations.

It refuses what HubSpot refuses (a wrong token, a property that does not exist, a value that is no text, a second object
with the same unique value), lets two companies share a domain as HubSpot does, and hides new objects from its search
while `search_lags` is set, as HubSpot's index does for some seconds.
"""

from __future__ import annotations

import re
from itertools import count
from typing import Any
from urllib.parse import unquote

from tests.servers.base import Answer, LocalServer, Request

TOKEN = "pat-test"
_OWN = {
    "contacts": {
        "email phone firstname lastname jobtitle company country state message hubspot_owner_id hs_additional_emails"
    },
    "companies": {
        "domain name country state city zip address phone industry numberofemployees annualrevenue hubspot_owner_id "
        "hs_parent_company_id hs_additional_domains"
    },
    "deals": {"dealname amount deal_currency_code dealstage hubspot_owner_id hs_is_closed"},
    "tasks": {"hs_task_subject hs_task_body hs_task_status hs_task_type hs_timestamp hubspot_owner_id"},
}
_UNIQUE = {"contacts": {"email"}, "companies": set(), "deals": set(), "tasks": set()}
_PATHS = [
    ("POST", r"/crm/v3/objects/(\w+)/search", "_search"),
    ("POST", r"/crm/v3/objects/(\w+)/batch/read", "_read"),
    ("POST", r"/crm/v3/objects/(\w+)/batch/upsert", "_upsert"),
    ("POST", r"/crm/v3/objects/(\w+)", "_create"),
    ("GET", r"/crm/v3/objects/(\w+)", "_list"),
    ("PATCH", r"/crm/v3/objects/(\w+)/([^/]+)", "_update"),
    ("PUT", r"/crm/v4/objects/(\w+)/(\w+)/associations/default/(\w+)/(\w+)", "_link"),
    ("POST", r"/crm/v4/associations/(\w+)/(\w+)/batch/read", "_links"),
    ("GET", r"/crm/v3/owners/", "_owners"),
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
    """`objects[kind]`: id -> properties. `owners`: id -> e-mail. `linked`: (kind, id, to kind) -> ids."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, dict[str, dict[str, str]]] = {kind: {} for kind in _OWN}
        self.properties = {kind: set(" ".join(names).split()) for kind, names in _OWN.items()}
        self.unique = {kind: set(names) for kind, names in _UNIQUE.items()}
        self.owners: dict[str, str] = {}
        self.linked: dict[tuple[str, str, str], list[str]] = {}
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
        for method, pattern, handler in _PATHS:
            matched = re.fullmatch(pattern, request.path)
            if method == request.method and matched:
                try:
                    return getattr(self, handler)(request, *map(unquote, matched.groups()))
                except Refused as refused:
                    return Answer(refused.status, refused.body)
        return Answer(404, {"status": "error", "category": "OBJECT_NOT_FOUND"})

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

    def _upsert(self, request: Request, kind: str) -> Answer:
        found = []
        for one in request.json()["inputs"]:
            number = self._by(kind, one["id"], one["idProperty"])
            new = number is None
            if number is None:
                number = self._new(kind, {one["idProperty"]: one["id"]})
            self._set(kind, number, one["properties"])
            found.append({**self._shown(kind, number), "new": new})
        return _batch(found, [])

    def _create(self, request: Request, kind: str) -> Answer:
        body = request.json()
        self._check_values(kind, body["properties"])
        number = self._new(kind, body["properties"])
        for link in body.get("associations", []):
            to = "contacts" if link["types"][0]["associationTypeId"] == 204 else "companies"
            self._tie(kind, number, to, link["to"]["id"])
        return Answer(201, self._shown(kind, number))

    def _update(self, request: Request, kind: str, number: str) -> Answer:
        found = self._by(kind, number, request.query.get("idProperty"))
        if found is None:
            raise Refused(404, "OBJECT_NOT_FOUND")
        self._set(kind, found, request.json()["properties"])
        return Answer(200, self._shown(kind, found))

    def _link(self, _: Request, kind: str, number: str, to_kind: str, to: str) -> Answer:
        if number not in self.objects[kind] or to not in self.objects[to_kind]:
            raise Refused(404, "OBJECT_NOT_FOUND")
        self._tie(kind, number, to_kind, to)
        return _batch([], [])

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
            {"id": number, "email": email, "archived": False} for number, email in listed[start : start + self.page]
        ]
        following = {"paging": {"next": {"after": str(start + self.page)}}} if start + self.page < len(listed) else {}
        return Answer(200, {"results": shown, **following})

    def _property_list(self, _: Request, kind: str) -> Answer:
        return Answer(200, {"results": [{"name": name} for name in sorted(self.properties[kind])]})

    def _property_create(self, request: Request, kind: str) -> Answer:
        body = request.json()
        if body["name"] in self.properties[kind]:
            raise Refused(409, "CONFLICT")
        self.properties[kind].add(body["name"])
        if body.get("hasUniqueValue"):
            self.unique[kind].add(body["name"])
        return Answer(201, body)

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


def _batch(results: list[Any], errors: list[Any]) -> Answer:
    times = {"startedAt": "2026-01-05T09:00:00Z", "completedAt": "2026-01-05T09:00:00Z"}
    body = {"status": "COMPLETE", "results": results, **times}
    return Answer(207, {**body, "numErrors": len(errors), "errors": errors}) if errors else Answer(200, body)
