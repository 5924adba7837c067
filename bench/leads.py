"""Lead forms to send: a few hundred realistic bodies, each turned into a unique submission by a serial number.

People, companies and domains are made up by combining word lists, in a fixed order: the n-th lead is the same on every
machine. A request is complete HTTP/1.1 bytes of constant length, so that making one costs the generator well under a
microsecond.
"""

from __future__ import annotations

import itertools
import json

NAMES = ("Maria Lopez", "James Carter", "Wei Zhang", "Anna Schmidt", "Priya Nair", "Lucas Martin", "Emma Wilson")
TITLES = (
    "VP Engineering", "Director of IT", "Chief Technology Officer", "Site Reliability Engineer", "Platform Manager",
    "Software Engineer", "Head of Infrastructure", "Student", "Vice President, Operations", "Consultant", None,
)  # fmt: skip
PLACES = (
    ("US", "CA", "94105", "+14155550132"), ("US", "NY", "10001", "+12125550187"), ("US", "TX", "78701", None),
    ("CA", "ON", "M5V 2T6", "+14165550121"), ("GB", None, "EC1A 1BB", "+442079460123"), ("DE", "BY", "80331", None),
    ("FR", None, "75001", "+33140205050"), ("IN", "KA", "560001", None), ("BR", "SP", "01310-100", None),
)  # fmt: skip
FIRST = ("northwind", "bluepeak", "cedarline", "harborstone", "ironvale", "lumenfield", "quantaridge", "silverfern")
SECOND = ("labs", "systems", "health", "logistics", "capital", "foods", "energy", "media", "robotics", "insurance")
ENDINGS = ("com", "io", "co.uk", "de", "fr")
FREE = ("gmail.com", "outlook.com", "yahoo.com")
SOURCES = ("website_demo", "pricing_page", "webinar", "partner_referral", "content_download")
MESSAGES = (
    "We run about 400 services on Kubernetes and would like to see a demo of your tracing product next week.",
    "Could you send us pricing for 50 hosts? We are comparing three vendors and want to decide this quarter.",
    "Our team is moving to OpenTelemetry and is looking for a backend that keeps costs predictable.",
    "I downloaded the guide on incident response and have a question about on-call rotations.",
    "Just looking around for now, please keep me posted about new releases.",
)
TEMPLATES = 360  # enough for every word above to meet most of the others
SERIAL = "%010d"


def _form(index: int) -> dict[str, object]:
    """The index-th form, its e-mail still carrying the place for the serial number. Missing fields are left out."""
    name = NAMES[index % len(NAMES)]
    first, second = FIRST[index % len(FIRST)], SECOND[index // 3 % len(SECOND)]
    ending = ENDINGS[index // 7 % len(ENDINGS)]
    domain = FREE[index // 6 % len(FREE)] if index % 6 == 5 else f"{first}{second}.{ending}"
    country, state, postal, phone = PLACES[index // 2 % len(PLACES)]
    form: dict[str, object] = {
        "email": f"{name.lower().replace(' ', '.')}{SERIAL}@{domain}",
        "full_name": name,
        "company": f"{first.title()} {second.title()}",
        "title": TITLES[index % len(TITLES)],
        "source": SOURCES[index // 5 % len(SOURCES)],
        "country": country,
        "state": state,
        "postal": postal,
        "phone": phone,
        "website": None if domain in FREE else f"https://www.{domain}",
        "message": MESSAGES[index % len(MESSAGES)],
        "consent": True,
    }
    return {key: value for key, value in form.items() if value is not None}


class Requests:
    """An endless supply of requests for one address; each call of `next()` gives a submission nobody has sent yet."""

    def __init__(self, host: str, path: str, first: int = 0) -> None:
        """`host` as in the Host header; `first` is the first serial number (two runs must not overlap)."""
        self._templates = [self._request(host, path, _form(index)) for index in range(TEMPLATES)]
        self._serials = itertools.count(first)

    @staticmethod
    def _request(host: str, path: str, form: dict[str, object]) -> bytes:
        body = json.dumps(form).encode()
        length = len(body) - len(SERIAL) + len(SERIAL % 0)
        head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
        return head.encode() + b"\r\n" + body

    def next(self) -> bytes:
        """The next request, head and body."""
        serial = next(self._serials)
        return self._templates[serial % TEMPLATES] % serial
