"""A local Pinecone index (metric: cosine): upsert, delete, query with `$eq`, `$in`, `$gte` and `$lte`, as its REST API has
it.

Numbers in metadata come back as floats, a vector of zeros or of another length is refused, and namespaces are apart:
what an adapter could get wrong, it gets wrong here too.
"""

from __future__ import annotations

import math
import operator
from collections import defaultdict
from collections.abc import Callable
from typing import Any

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
                return self._upsert(request.required("vectors"))
            case "POST", "/vectors/delete":
                return self._delete(request.required("ids"))
            case "POST", "/query":
                return self._query(request.required("vector", "topK", "includeMetadata"))
        return super().handle(request)

    def _upsert(self, body: dict[str, Any]) -> Answer:
        records = self.records[body.get("namespace", "")]
        for vector in body["vectors"]:
            if not vector.get("id") or not isinstance(vector.get("values"), list):
                return _refused("Vector ID must not be empty, and a vector has values")
            if fault := self._fault_in(vector["values"]) or _fault_of(vector.get("metadata", {})):
                return _refused(fault)
        for vector in body["vectors"]:
            kept = {name: _kept(value) for name, value in vector.get("metadata", {}).items()}
            records[vector["id"]] = {"id": vector["id"], "values": vector["values"], "metadata": kept}
        return Answer(200, {"upsertedCount": len(body["vectors"])})

    def _delete(self, body: dict[str, Any]) -> Answer:
        namespace = body.get("namespace", "")
        if namespace not in self.records:
            return Answer(404, {"code": 5, "message": "Namespace not found", "details": []})
        for one in body["ids"]:
            self.records[namespace].pop(one, None)
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


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": operator.eq,
    "$in": lambda kept, wanted: kept in wanted,
    "$gte": lambda kept, wanted: isinstance(kept, float) and kept >= wanted,
    "$lte": lambda kept, wanted: isinstance(kept, float) and kept <= wanted,
}


def _passes(metadata: dict[str, Any], conditions: dict[str, dict[str, Any]]) -> bool:
    return all(
        _OPERATORS[name](metadata.get(field), wanted)
        for field, condition in conditions.items()
        for name, wanted in condition.items()
    )


def _cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))
