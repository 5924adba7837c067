"""GET /forms/lead-form.js: the script for pages of other sites, with what lets browsers keep it and check it."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

LEAD_FORM: Final = "/forms/lead-form.js"
HOUR_S: Final = 3_600


@cache
def script() -> bytes:
    """Without the comments, which stand on lines of their own, and the indents: what browsers load."""
    lines = (line.strip() for line in (Path(__file__).parent / "lead-form.js").read_text("utf-8").splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//")).encode()


@cache
def integrity() -> str:
    """For `<script integrity>`: https://www.w3.org/TR/SRI/."""
    return "sha384-" + base64.b64encode(hashlib.sha384(script()).digest()).decode()


def static_router() -> APIRouter:
    router = APIRouter(tags=["forms"])

    @router.get(
        LEAD_FORM,
        response_class=Response,
        responses={
            200: {"content": {"text/javascript": {}}},
            304: {"description": "What the browser has is what there is."},
        },
    )
    def lead_form(request: Request) -> Response:
        """The script that enhances `<form data-lead-form>` on a page of any site: infra/docs/site-form.md."""
        tag = f'"{integrity()[7:39]}"'
        headers = {
            "Cache-Control": f"public, max-age={HOUR_S}",
            "ETag": tag,
            "Access-Control-Allow-Origin": "*",  # it is no secret, and a browser checks `integrity` only then
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(script(), media_type="text/javascript", headers=headers)

    return router
