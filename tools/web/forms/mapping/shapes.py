"""What a value itself says of which field it may be: an e-mail address, a phone number, a yes, a text of several sentences.

Looks at one value and uses the router's own readers, so that what is taken for a phone number here is read as one later.
Never looks at a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from graph.rules.company_names import says_company
from graph.rules.countries import country_code
from graph.rules.domains import host_of, registrable
from graph.rules.emails import read_address
from graph.rules.firmographics import employees_from, industry_of
from graph.rules.phones import e164
from graph.rules.text import fold, words
from graph.rules.timing import sent_at
from graph.rules.titles import function_of, seniority

Evidence: TypeAlias = tuple[float, str]
"""From -1, it cannot be, to 1, it is; and what was seen, as the end of `its value is ...`."""

YES: Final = words(
    "yes y true on checked agreed accepted granted optedin ja jawohl einverstanden zugestimmt oui daccord accepte si claro "
    "acepto accetto acconsento akkoord sim aceito concordo 1"
)
NO: Final = words("no n false off unchecked declined denied nein non nee nao 0")
_AGREES: Final = re.compile(
    r"\b(agree|consent|subscribe|opt.?in|privacy|gdpr|zu(ge)?stimm|stimme\b|willige\b|einwillig|einverstanden|datenschutz|accepte|consens|autoris|"
    r"acept|autoriz|privacidad|privacidade|accett|acconsent|akkoord|toestemming|concordo|aceito)",
    re.IGNORECASE,
)
_PHONE: Final = re.compile(r"\+?[\d\s()./\-]{6,25}(?:(?:x|ext\.?|dw)\s*\d+)?", re.IGNORECASE)
_NAME: Final = re.compile(r"[^\W\d_][^\W\d_.'’-]*\.?(?: [^\W\d_][\w.'’-]*){0,4}")
_RANGE: Final = re.compile(
    r"\d[\d.,]*\s*k?\s*(?:-|–|—|to|bis|à|a|tot)\s*\d[\d.,]*\s*k?|\d[\d.,]*\s*k?\s*\+|[<>]\s*\d+", re.IGNORECASE
)
_POSTAL: Final = re.compile(r"(?=.*\d)[A-Z0-9][A-Z0-9 -]{2,9}", re.IGNORECASE)
_DATED: Final = re.compile(r"\d{4}-\d\d-\d\d")
_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{20,40}|[\w-]{16,80}|\d{6,25}", re.IGNORECASE)
_LONG_WORDS, _LONG = 8, 60


def shapes(value: object) -> dict[str, Evidence]:
    """field -> what the value says of it; fields of which it says nothing are left out."""
    text = str(value).strip()[:4_000]
    said = {name: look(value, text) for name, look in _LOOKS.items()}
    return {name: evidence for name, evidence in said.items() if evidence[0]}


def yes_or_no(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    folded = fold(str(value)[:40])
    return True if folded in YES else False if folded in NO else None


def agrees(text: str) -> bool:
    """A box whose value is its own wording: `I agree to be contacted`."""
    return len(text.split()) >= 2 and _AGREES.search(text) is not None


def _is_flag(value: object) -> bool:
    return yes_or_no(value) is not None and str(value) not in {"0", "1"}


def _email(_value: object, text: str) -> Evidence:
    if len(text) <= 320 and "@" in text and read_address(text) is not None:
        return 0.95, "an e-mail address"
    return -0.95, "no e-mail address"


def _phone(value: object, text: str) -> Evidence:
    digits = sum(c.isdigit() for c in text)
    if isinstance(value, bool) or digits < 6:
        return -0.85, "no phone number"
    if e164(text, None) is not None:
        return 0.85, "a phone number with its country"
    if _PHONE.fullmatch(text) and digits <= 15 and not _DATED.match(text):
        return (0.45, "digits as in a phone number") if not text.isdigit() else (0.15, "digits")
    return -0.6, "no phone number"


def _country(_value: object, text: str) -> Evidence:
    if len(text) <= 60 and country_code(text) is not None:
        return (0.75, "a country's name") if len(text) > 3 else (0.3, "as short as a country's code")
    return -0.5, "no country that we know"


def _postal(_value: object, text: str) -> Evidence:
    return (0.2, "like a postal code") if _POSTAL.fullmatch(text) else (-0.85, "no postal code")


def _link(_value: object, text: str) -> Evidence:
    if "@" not in text and " " not in text and (host := host_of(text)) is not None and registrable(host) is not None:
        whole = "//" in text or text.startswith("www.")
        return (0.75, "a link") if whole else (0.45, "a domain")
    return -0.85, "no link"


def _domain(value: object, text: str) -> Evidence:
    score, seen = _link(value, text)
    return (score if score < 0 or seen == "a domain" else 0.1), seen


def _person(_value: object, text: str) -> Evidence:
    if not _NAME.fullmatch(text) or len(text) > _LONG or _is_flag(text):
        return -0.8, "not written like a person's name"
    said = text.split()
    if len(said) == 1:
        return -0.1, "one word"
    cased = all(word[0].isupper() for word in said) and not text.isupper()
    return (0.4, "written like a person's name") if cased and not _works(text) else (0.1, "a few words")


def _part_of_name(_value: object, text: str) -> Evidence:
    if not _NAME.fullmatch(text) or len(text) > 40 or _is_flag(text):
        return -0.8, "not written like a name"
    return (0.2, "one word") if len(text.split()) == 1 else (-0.05, "several words")


def _works(text: str) -> bool:
    return seniority(text) not in ("individual", "unknown") or function_of(text) != "unknown"


def _company(value: object, text: str) -> Evidence:
    if _is_flag(value) or len(text) > 100 or "@" in text or text.isdigit():
        return -0.8, "not written like a company's name"
    return (0.6, "written like a company's name") if says_company(text) else (0.05, "a few words")


def _title(value: object, text: str) -> Evidence:
    if _is_flag(value) or "@" in text or not any(c.isalpha() for c in text) or len(text) > 100:
        return -0.8, "no job title"
    return (0.6, "a job title") if _works(text) else (0.0, "")


def _industry(_value: object, text: str) -> Evidence:
    return (
        (0.4, "an industry that we know")
        if len(text) < _LONG and industry_of(text)
        else (-0.15, "no industry that we know")
    )


def _employees(value: object, text: str) -> Evidence:
    if isinstance(value, bool) or len(text) > _LONG or text.startswith("+") or employees_from(text) is None:
        return -0.85, "no number of people"
    return (0.65, "a range of numbers") if _RANGE.search(text) else (0.15, "a number")


def _message(value: object, text: str) -> Evidence:
    if _is_flag(value) or (len(text.split()) == 1 and ("@" in text or "//" in text or text.isdigit())):
        return -0.7, "no text"
    return (
        (0.5, "a text of several words") if len(text) > _LONG or len(text.split()) >= _LONG_WORDS else (-0.05, "short")
    )


def _consent(value: object, text: str) -> Evidence:
    if isinstance(value, bool):
        return 0.45, "yes or no"
    if yes_or_no(value) is not None:
        return 0.4, "yes or no"
    return (0.75, "the wording of an agreement") if agrees(text) else (-0.7, "neither yes nor no")


def _consent_text(_value: object, text: str) -> Evidence:
    return (0.3, "the wording of an agreement") if agrees(text) else (-0.5, "no wording of an agreement")


def _time(_value: object, text: str) -> Evidence:
    dated = _DATED.match(text) or re.fullmatch(r"1\d{9}(\d{3})?", text)  # seconds or milliseconds since 1970
    return (0.6, "a time") if dated and sent_at(text) is not None else (-0.9, "no time")


def _id(_value: object, text: str) -> Evidence:
    return (0.2, "like an id") if _ID.fullmatch(text) else (-0.6, "not like an id")


def _short_words(value: object, text: str) -> Evidence:
    wrong = _is_flag(value) or "@" in text or "//" in text or len(text) > 200
    return (-0.7, "no name of a thing") if wrong else (0.0, "")


def _place(value: object, text: str) -> Evidence:
    wrong = _is_flag(value) or any(c.isdigit() for c in text) or "@" in text or len(text) > _LONG
    return (-0.7, "not written like a place") if wrong else (0.05, "a few words")


_LOOKS: Final[Mapping[str, Callable[[object, str], Evidence]]] = {
    "email": _email,
    "full_name": _person,
    "first_name": _part_of_name,
    "last_name": _part_of_name,
    "company": _company,
    "title": _title,
    "phone": _phone,
    "country": _country,
    "state": _place,
    "city": _place,
    "postal": _postal,
    "website": _link,
    "domain": _domain,
    "industry": _industry,
    "employees": _employees,
    "product": _short_words,
    "source": _short_words,
    "message": _message,
    "consent": _consent,
    "consent_text": _consent_text,
    "event_id": _id,
    "submitted_at": _time,
}
