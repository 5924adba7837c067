"""The API's own description: /openapi.json, and the pages /docs and /redoc.

Their scripts come with the package `fastapi-offline`: a browser that does not reach the internet shows them too.
"""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

FILES = "/docs-files"
"""Where the pages' scripts and styles are."""
_CLOSED = {"description": "The admin token is missing or wrong; the text says where it stands."}
_SENTENCE = re.compile(r"(.+?)(?:\.\s+|\.?$)(.*)", re.DOTALL)


def described_api(**options: Any) -> FastAPI:
    """A FastAPI of these options whose document is revised by `told`."""
    api: FastAPI = FastAPIOffline(static_url=FILES, **options)
    made = api.openapi

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            told(made())
        return made()  # FastAPI keeps it

    api.openapi = document  # type: ignore[method-assign]
    return api


def told(document: dict[str, Any]) -> None:
    """Each operation that has no summary of its own gets the first sentence of its description for one, instead of its
    function's name; one behind the admin token says what it answers without."""
    for operations in document["paths"].values():
        for operation in operations.values():
            named = operation["summary"].lower().replace(" ", "_")  # as FastAPI makes both of the function's name
            if operation["operationId"].startswith(f"{named}_") and (text := operation.get("description")):
                operation["summary"], rest = sentences(text)
                del operation["description"]
                if rest:
                    operation["description"] = rest
            if operation.get("security"):
                operation["responses"].setdefault("401", _CLOSED)


def sentences(text: str) -> tuple[str, str]:
    """The first sentence on one line without its full stop, and the rest."""
    found = _SENTENCE.match(text.strip())
    if found is None:
        return "", ""
    return " ".join(found[1].split()), found[2].strip()
