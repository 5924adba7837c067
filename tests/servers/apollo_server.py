"""A local Apollo: GET /api/v1/organizations/enrich. `known`: domain -> the object as Apollo writes it."""

from __future__ import annotations

from typing import Any

from tests.servers.base import Answer, LocalServer, Request


class ApolloServer(LocalServer):
    def __init__(self, key: str = "ap-test") -> None:
        super().__init__()
        self.key = key
        self.known: dict[str, dict[str, Any]] = {}

    def handle(self, request: Request) -> Answer:
        if request.headers.get("x-api-key") != self.key:
            return Answer(401, {"error": "Invalid access credentials."})
        if (request.method, request.path) != ("GET", "/api/v1/organizations/enrich"):
            return super().handle(request)
        if not request.query.get("domain"):
            return Answer(422, {"error": "Please provide a domain."})
        company = self.known.get(request.query.get("domain", ""))
        return Answer(200, {} if company is None else {"organization": company})
