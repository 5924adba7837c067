"""Answers with HTML made from the templates beside this file: all escaped, only the page's own script allowed."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from graph.rules.wording import duration, first_name, plain


class Pages:
    """One for an application: it keeps the compiled templates. shared: names that every template may use."""

    def __init__(self, **shared: Any) -> None:
        self._env = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.filters.update(person=first_name, words=plain, spell=duration, utc=utc)
        self._env.globals.update(shared)

    def answer(self, template: str, **facts: Any) -> HTMLResponse:
        """The page with a content security policy of its own; personal data stays out of caches and referrers."""
        nonce = secrets.token_urlsafe(16)
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; "
            "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        headers = {
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        return HTMLResponse(self._env.get_template(template).render(nonce=nonce, **facts), headers=headers)


def utc(at: datetime) -> str:
    """For a `datetime` attribute, and for readers without a script."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
