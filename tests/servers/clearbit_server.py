"""A local Clearbit: GET /v2/companies/find. `known`: domain -> the object as Clearbit writes it."""

from __future__ import annotations

from typing import Any

from tests.servers.base import Answer, LocalServer, Request


class ClearbitServer(LocalServer):
    def __init__(self, key: str = "sk-test") -> None:
        super().__init__()
        self.key = key
        self.known: dict[str, dict[str, Any]] = {}
        self.looking: set[str] = set()

    def handle(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return Answer(401, {"error": {"type": "auth_invalid", "message": "Invalid API key."}})
        if (request.method, request.path) != ("GET", "/v2/companies/find"):
            return super().handle(request)
        domain = request.query.get("domain", "")
        if not domain:
            return Answer(422, {"error": {"type": "params_invalid", "message": "A domain is required."}})
        if domain in self.looking:
            return Answer(202, {"pending": True})
        company = self.known.get(domain)
        if company is None:
            return Answer(404, {"error": {"type": "unknown_record", "message": "Unknown company."}})
        return Answer(200, company)
