"""What a caller is told, in one shape for every error: a stable code, a sentence, the fields, and an example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

EXAMPLE = {
    "email": "maya@example.com",
    "full_name": "Maya Ortiz",
    "company": "Example Ltd",
    "title": "VP Engineering",
    "country": "US",
    "state": "CA",
    "source": "demo_request",
    "message": "We need tracing across 300 services before Q3.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, with a JSON body unless it says otherwise."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    content_type: bytes = b"application/json"


class Refused(Exception):
    """The request cannot be taken: what was wrong, where, and how to mend it."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        fields: tuple[dict[str, Any], ...] = (),
        retry_after_s: int = 0,
        example: Mapping[str, Any] = EXAMPLE,
    ) -> None:
        super().__init__(message)
        self.example = example
        self.status, self.code, self.message, self.fields = status, code, message, fields
        self.retry_after_s = retry_after_s

    def answer(self) -> Answer:
        body: dict[str, Any] = {"error": self.code, "message": self.message}
        if self.fields:
            body["fields"] = self.fields
        if self.status in (400, 415, 422):
            body["example"] = self.example
        headers = ((b"retry-after", str(self.retry_after_s).encode()),) if self.retry_after_s else ()
        return Answer(self.status, orjson.dumps(body), headers)


def json_answer(status: int, body: dict[str, Any], headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    return Answer(status, orjson.dumps(body), headers)


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field's fault, in words that never repeat the value."""

    field: str
    problem: str
    fix: str

    def as_dict(self) -> dict[str, Any]:
        return {"field": self.field, "problem": self.problem, "fix": self.fix}
