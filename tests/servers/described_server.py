"""A local provider of company facts that only a description knows: GET /v1/companies/<domain>, or POST /v1/search with the
domain in its body. `known`: domain -> the object as it writes it."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from tests.servers.base import Answer, LocalServer, Request

PREFIX = "/v1/companies/"


class DescribedServer(LocalServer):
    def __init__(self, token: str = "tk-test") -> None:
        super().__init__()
        self.token = token
        self.known: dict[str, dict[str, Any]] = {}
        self.looking: set[str] = set()

    def handle(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Token {self.token}":
            return Answer(401, {"detail": "no"})
        if request.method == "GET" and request.path.startswith(PREFIX):
            domain = unquote(request.path.removeprefix(PREFIX))
        elif (request.method, request.path) == ("POST", "/v1/search"):
            company = request.required("company")["company"]
            domain = company.get("web") if isinstance(company, dict) else None
            if not isinstance(domain, str) or not domain:
                return Answer(400, {"detail": "company.web is missing"})
        else:
            return super().handle(request)
        if domain in self.looking:
            return Answer(202, {"state": "queued"})
        found = self.known.get(domain)
        return Answer(404, {"detail": "unknown"}) if found is None else Answer(200, found)
