"""Lead forms to send: a few hundred realistic bodies, each turned into a unique submission by a serial number.

People, companies and domains are made up by combining word lists, in a fixed order: the n-th lead is the same on every
machine. Names, companies and phones repeat about as seldom as in life: where all share a few, each lead resembles
hundreds of others. About one in four is weak (a student on free mail who is just looking), one in twelve comes from a
company that the product's own table knows; the others from companies nobody has heard of, of whom one or two write. A
request is complete HTTP/1.1 bytes of constant length, so that making one costs the generator well under a microsecond.
"""

from __future__ import annotations

import itertools
import json

GIVEN = (
    "Maria", "James", "Wei", "Anna", "Priya", "Lucas", "Emma", "Daniel", "Aisha", "Tom", "Chloe", "Rafael", "Ingrid",
    "Kenji", "Laura", "Omar", "Sofia", "Peter", "Nadia", "Victor", "Hannah", "Diego", "Julia", "Samuel", "Elena",
)  # fmt: skip
FAMILY = (
    "Lopez", "Carter", "Zhang", "Schmidt", "Nair", "Martin", "Wilson", "Keller", "Rossi", "Tanaka", "Haddad", "Novak",
    "Olsen", "Murphy", "Costa", "Fischer", "Dubois", "Iyer", "Walker", "Santos", "Bauer", "Reid", "Moreau", "Kim",
    "Jansen", "Brandt", "Ferrari", "Okafor", "Lindgren",
)  # fmt: skip
TITLES = (
    "VP Engineering", "Director of IT", "Chief Technology Officer", "Site Reliability Engineer", "Platform Manager",
    "Software Engineer", "Head of Infrastructure", "Vice President, Operations", None,
)  # fmt: skip
WEAK_TITLES = ("Student", None, "Consultant")
PLACES = (
    ("US", "CA", "94105", "+1415555"), ("US", "NY", "10001", "+1212736"), ("US", "TX", "78701", None),
    ("CA", "ON", "M5V 2T6", "+1416967"), ("GB", None, "EC1A 1BB", "+44207946"), ("DE", "BY", "80331", None),
    ("FR", None, "75001", "+3314020"), ("IN", "KA", "560001", None), ("BR", "SP", "01310-100", None),
)  # fmt: skip
FIRST = ("northwind", "bluepeak", "cedarline", "harborstone", "ironvale", "lumenfield", "quantaridge", "silverfern")
SECOND = ("labs", "systems", "health", "logistics", "capital", "foods", "energy", "media", "robotics", "insurance")
ENDINGS = ("com", "io", "co.uk", "de", "fr")
FREE = ("gmail.com", "outlook.com", "yahoo.com")
KNOWN = (
    ("Acme Labs", "acmelabs.com"), ("Globex GmbH", "globex.de"), ("Voxalys", "voxalys.fr"),
    ("Halvorsen Offshore AS", "halvorsen-offshore.no"), ("Brightwater Insurance", "brightwaterinsurance.com"),
    ("Castellan Canada", "castellan.ca"), ("Lark & Loom", "larkandloom.com"), ("Méridiane SA", "meridiane.fr"),
    ("Kitsune Systems America", "kitsunesystems.com"), ("Trailmark", "trailmark.dev"),
)  # fmt: skip
SIZES = ("40", "51-200", "800", "4000")
SOURCES = ("website_demo", "pricing_page", "webinar", "partner_referral", "content_download")
WEAK_SOURCES = ("content_download", "webinar")
MESSAGES = (
    "We run about 400 services on Kubernetes and would like to see a demo of your tracing product next week.",
    "Could you send us pricing for 50 hosts? We are comparing three vendors and want to decide this quarter.",
    "Our team is moving to OpenTelemetry and is looking for a backend that keeps costs predictable.",
    "I downloaded the guide on incident response and have a question about on-call rotations.",
    "Just looking around for now, please keep me posted about new releases.",
)
TEMPLATES = 360  # enough for every word above to meet most of the others
COMPANIES_PER_TEMPLATE = 1_000  # whoever is called the same at a company of the same name is the same person
LINES = 10_000  # numbers of one exchange
SERIAL, COMPANY, LINE = "%(serial)010d", "%(company)03d", "%(line)04d"


def form_of(index: int) -> dict[str, object]:
    """The index-th form, still carrying the places for the serial number. Missing fields are left out."""
    form = _weak(index) if index % 4 == 3 else _strong(index)
    name = f"{GIVEN[index % len(GIVEN)]} {FAMILY[index % len(FAMILY)]}"
    country, state, postal, phone = PLACES[index // 2 % len(PLACES)]
    form |= {"email": f"{name.lower().replace(' ', '.')}{SERIAL}@{form.pop('domain')}", "full_name": name}
    form |= {"country": country, "state": state, "postal": postal, "consent": True}
    if form["company"] is not None and phone is not None:
        form["phone"] = phone + LINE
    return {key: value for key, value in form.items() if value is not None}


def _weak(index: int) -> dict[str, object]:
    return {
        "domain": FREE[index // 4 % len(FREE)],
        "company": None,
        "title": WEAK_TITLES[index // 4 % len(WEAK_TITLES)],
        "source": WEAK_SOURCES[index // 8 % len(WEAK_SOURCES)],
        "message": MESSAGES[-1] if index % 8 == 3 else None,
    }


def _strong(index: int) -> dict[str, object]:
    if index % 12 == 1:
        company, domain = KNOWN[index // 12 % len(KNOWN)]
    else:
        first, second = FIRST[index % len(FIRST)], SECOND[index // 3 % len(SECOND)]
        company, ending = f"{first.title()} {second.title()} {COMPANY}", ENDINGS[index // 7 % len(ENDINGS)]
        domain = f"{first}{second}{COMPANY}.{ending}"
    return {
        "domain": domain,
        "company": company,
        "title": TITLES[index % len(TITLES)],
        "source": SOURCES[index // 5 % len(SOURCES)],
        "employees": SIZES[index // 3 % len(SIZES)] if index % 3 == 0 else None,
        "website": f"https://www.{domain}" if index % 2 else None,
        "message": MESSAGES[index % len(MESSAGES)],
    }


def numbers(serial: int) -> dict[str, int]:
    """What fills the places of the template `serial % TEMPLATES`."""
    return {"serial": serial, "company": serial // TEMPLATES % COMPANIES_PER_TEMPLATE, "line": serial % LINES}


def lead(serial: int) -> dict[str, object]:
    """The form of this submission, as a dict."""
    held = numbers(serial)
    return {k: v % held if isinstance(v, str) else v for k, v in form_of(serial % TEMPLATES).items()}


class Requests:
    """An endless supply of requests for one address; each call of `next()` gives a submission nobody has sent yet."""

    def __init__(self, host: str, path: str, first: int = 0) -> None:
        """`host` as in the Host header; `first` is the first serial number (two runs must not overlap)."""
        self._templates = [self._request(host, path, form_of(index)) for index in range(TEMPLATES)]
        self._serials = itertools.count(first)

    @staticmethod
    def _request(host: str, path: str, form: dict[str, object]) -> bytes:
        body = json.dumps(form)
        length = len(body % numbers(0))
        head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
        return (head.replace("%", "%%") + "\r\n" + body).encode()

    def next(self) -> bytes:
        """The next request, head and body."""
        serial = next(self._serials)
        company = serial // TEMPLATES % COMPANIES_PER_TEMPLATE
        return self._templates[serial % TEMPLATES] % {b"serial": serial, b"company": company, b"line": serial % LINES}
