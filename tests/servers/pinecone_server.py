"""A local Pinecone index (metric: cosine): upsert, fetch, update, query with `$eq` and `$in`, as its REST API has it.

Numbers in metadata come back as floats, a vector of zeros or of another length is refused, and namespaces are apart:
what an adapter could get wrong, it gets wrong here too.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.base import Answer, LocalServer, Request


class PineconeServer(LocalServer):
    """records: namespace -> id -> {id, values, metadata}, as they are kept."""

    def __init__(self, key: str = "pc-test") -> None:
        super().__init__()
        self.key = key
        self.records: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)

    def handle(self, request: Request) -> Answer:
        if request.headers.get("api-key") != self.key:
            return Answer(401, "Unauthorized")
        match request.method, request.path:
            case "POST", "/vectors/upsert":
                return self._upsert(request.json())
            case "GET", "/vectors/fetch":
                return self._fetch(parse_qs(urlsplit(request.target).query))
            case "POST", "/vectors/update":
                return self._update(request.json())
            case "POST", "/query":
                return self._query(request.json())
        return super().handle(request)

    def _upsert(self, body: dict[str, Any]) -> Answer:
        records = self.records[body.get("namespace", "")]
        for vector in body["vectors"]:
            if fault := self._fault_in(vector["values"]) or _fault_of(vector.get("metadata", {})):
                return _refused(fault)
        for vector in body["vectors"]:
            kept = {name: _kept(value) for name, value in vector.get("metadata", {}).items()}
            records[vector["id"]] = {"id": vector["id"], "values": vector["values"], "metadata": kept}
        return Answer(200, {"upsertedCount": len(body["vectors"])})

    def _fetch(self, query: dict[str, list[str]]) -> Answer:
        namespace = query.get("namespace", [""])[0]
        found = {one: self.records[namespace][one] for one in query["ids"] if one in self.records[namespace]}
        return Answer(200, {"vectors": found, "namespace": namespace, "usage": {"readUnits": 1}})

    def _update(self, body: dict[str, Any]) -> Answer:
        record = self.records[body.get("namespace", "")].get(body["id"])
        if fault := self._fault_in(body["values"]) or _fault_of(body["setMetadata"]):
            return _refused(fault)
        if record is not None:  # an unknown id is answered alike
            record["values"] = body["values"]
            record["metadata"] |= {name: _kept(value) for name, value in body["setMetadata"].items()}
        return Answer(200, {})

    def _query(self, body: dict[str, Any]) -> Answer:
        if fault := self._fault_in(body["vector"]):
            return _refused(fault)
        matches = [
            {
                "id": record["id"],
                "score": _cosine(body["vector"], record["values"]),
                "values": [],
                "metadata": record["metadata"] if body["includeMetadata"] else None,
            }
            for record in self.records[body.get("namespace", "")].values()
            if _passes(record["metadata"], body.get("filter", {}))
        ]
        matches.sort(key=lambda match: -match["score"])
        namespace = body.get("namespace", "")
        return Answer(200, {"matches": matches[: body["topK"]], "namespace": namespace, "usage": {"readUnits": 1}})

    def _fault_in(self, values: list[float]) -> str | None:
        if not any(values):
            return "Dense vectors must contain at least one non-zero value"
        lengths = {len(record["values"]) for records in self.records.values() for record in records.values()}
        if lengths - {len(values)}:
            return f"Vector dimension {len(values)} does not match the dimension of the index {lengths.pop()}"
        return None


def _refused(fault: str) -> Answer:
    return Answer(400, {"code": 3, "message": fault, "details": []})


def _fault_of(metadata: dict[str, Any]) -> str | None:
    for name, value in metadata.items():
        texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
        if not (isinstance(value, str | int | float | bool) or texts):
            return f"Metadata value must be a string, number, boolean or list of strings, got {value!r} for {name}"
    return None


def _kept(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _passes(metadata: dict[str, Any], conditions: dict[str, dict[str, Any]]) -> bool:
    for name, condition in conditions.items():
        for operator, wanted in condition.items():
            if operator == "$eq" and metadata.get(name) != wanted:
                return False
            if operator == "$in" and metadata.get(name) not in wanted:
                return False
            if operator not in {"$eq", "$in"}:
                raise NotImplementedError(operator)
    return True


def _cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))
