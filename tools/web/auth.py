"""The door to everything but intake, health and metrics: one token, as a bearer header or as a cookie set by /login."""

from __future__ import annotations

import secrets
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Request, Response, Security
from fastapi.responses import RedirectResponse
from fastapi.security import HTTPBearer

COOKIE = "lead_router"
YEAR_S = 365 * 86_400
_BEARER = HTTPBearer(
    scheme_name="AdminToken",
    description="Printed at the first start; it stands in `secrets.json` of the data folder.",
    auto_error=False,
)
"""For /docs and the document: who needs the token, and a field for it. What it lets through is checked by `Login`."""


class Login:
    """Checks the token in constant time. Used as a FastAPI dependency: `Depends(login.required)`."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def fits(self, given: str | None) -> bool:
        return given is not None and secrets.compare_digest(given.encode("utf-8", "surrogatepass"), self._token)

    def required(self, request: Request, _documented: Annotated[Any, Security(_BEARER)] = None) -> None:
        """401 without the token; the text says where it is."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        bearer = value.strip() if scheme.lower() == "bearer" else None
        if not (self.fits(bearer) or self.fits(request.cookies.get(COOKIE))):
            raise HTTPException(
                401,
                "This page needs the admin token. It was printed at the first start and stands in secrets.json of the "
                "data folder: send `Authorization: Bearer TOKEN`, or open /login?token=TOKEN once in the browser.",
                {"WWW-Authenticate": "Bearer"},
            )

    def router(self) -> APIRouter:
        router = APIRouter(tags=["login"])

        @router.get("/login", include_in_schema=False)
        def login(token: str = "", to: str = "/inbox") -> Response:
            if not self.fits(token):
                raise HTTPException(401, "The token is not the one of this installation.")
            split = urlsplit(to)
            local = to.startswith("/") and not to.startswith("//") and not split.netloc and "\\" not in to
            answer = RedirectResponse(to if local else "/inbox", status_code=303)
            answer.set_cookie(COOKIE, token, max_age=YEAR_S, httponly=True, samesite="lax")
            return answer

        return router
