"""What a browser without a script sees after it posted a form: the page that the form names in `_next`, where that is allowed,
else a short thank-you, or what was wrong. The lead itself is taken as every other; JSON clients never come here.

Shows nothing that was typed, and leads to no host but those of FORM_REDIRECT_HOSTS.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Final
from urllib.parse import parse_qs, urlsplit

import orjson

from tools.web.answers import Answer

FORM_TYPE: Final = "application/x-www-form-urlencoded"
NEXT: Final = ("_next", "redirect")
LONGEST_NEXT: Final = 2_000
_THANKS: Final = {
    "en": ("Thank you", "We have your message and will be in touch."),
    "de": ("Vielen Dank", "Ihre Nachricht ist angekommen. Wir melden uns bei Ihnen."),
    "fr": ("Merci", "Votre message est bien arrivé. Nous vous recontacterons."),
    "es": ("Gracias", "Hemos recibido su mensaje y nos pondremos en contacto."),
    "it": ("Grazie", "Abbiamo ricevuto il messaggio e la ricontatteremo."),
    "nl": ("Bedankt", "Uw bericht is aangekomen. We nemen contact met u op."),
    "pt": ("Obrigado", "Recebemos a sua mensagem e entraremos em contato."),
}
_STYLE: Final = (
    "body{font:17px/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 1.2em;color:#1d1c1d;background:#fff}"
    "@media(prefers-color-scheme:dark){body{color:#e3e3e6;background:#17181b}}"
)
_POLICY: Final = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


def wants_page(headers: Mapping[str, str]) -> bool:
    """A browser that goes to the answer itself; a script's fetch accepts anything and asks for no page."""
    return "text/html" in headers.get("accept", "") and headers.get("content-type", "").lower().startswith(FORM_TYPE)


class PlainForms:
    """hosts: to which `_next` may lead; `example.com` is that host alone."""

    def __init__(self, hosts: frozenset[str]) -> None:
        self._hosts = hosts

    def page(self, headers: Mapping[str, str], raw: bytes, answer: Answer) -> Answer:
        """What a person sees instead of the JSON answer; the status of an error stays."""
        language = _language(headers.get("accept-language", ""))
        if answer.status < 300:
            target = self.next_of(raw)
            if target is not None:
                return Answer(303, b"", ((b"location", target.encode()), *_HEADERS))
            title, text = _THANKS[language]
            return _page(200, language, title, [text], ())
        told = orjson.loads(answer.body)
        fields = [f"{one['field']}: {one['problem']}; {one['fix']}." for one in told.get("fields", ())]
        back = "Go back with your browser: what you typed is still there."
        return _page(answer.status, "en", "Not sent", [str(told["message"]), *fields, back], answer.headers)

    def next_of(self, raw: bytes) -> str | None:
        """The page that the form names, if it may lead there: http(s), a host of the list, nothing hidden in it."""
        try:
            fields = parse_qs(raw.decode("ascii"), max_num_fields=500)
        except ValueError:  # also bytes that are not encoded as forms are
            return None
        for name in NEXT:
            for target in fields.get(name, ())[-1:]:
                if self._leads_to_us(target):
                    return target
        return None

    def _leads_to_us(self, target: str) -> bool:
        if (
            len(target) > LONGEST_NEXT
            or not target.isascii()
            or not target.isprintable()
            or set(target) & set('\\ "<>')
        ):
            return False
        try:
            split = urlsplit(target)
            host, _ = split.hostname, split.port
        except ValueError:
            return False
        return split.scheme in ("http", "https") and split.username is None and host in self._hosts


def _language(accepted: str) -> str:
    """The first that we speak; browsers put the one they want most first."""
    for part in accepted[:200].split(","):
        spoken = part.strip().partition(";")[0].partition("-")[0].lower()
        if spoken in _THANKS:
            return spoken
    return "en"


def _page(status: int, language: str, title: str, texts: list[str], headers: tuple[tuple[bytes, bytes], ...]) -> Answer:
    said = "".join(f"<p>{escape(text)}</p>" for text in texts)
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>{escape(title)}</title><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{said}</main></body></html>"
    )
    return Answer(status, html.encode(), (*_HEADERS, *headers), b"text/html; charset=utf-8")
