"""What a field of a form is called, and which field of a lead that is: "What is your work e-mail?" is `email`.

The table knows names that mean one thing only. A name it does not know is kept as it is, for a saved mapping to say what
it means; nothing is guessed from values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tools.web.forms.flattening import Flat, Value, as_text
from tools.web.intake import LeadForm

_FILLER: Final = frozenset(
    """what whats what's s is are the a an your you please enter which who how we can us in of for do does have has many
    most best tell me to at with provide add type here required optional ihr ihre ihren""".split()  # noqa: SIM905 - words
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?", re.UNICODE)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_TABLE: Final[dict[str, tuple[str, ...]]] = {
    "email": (
        "email", "e mail", "mail", "email address", "e mail address", "work email", "work e mail", "work email address",
        "business email", "business email address", "company email", "corporate email", "email work", "user email",
        "e mail adresse", "email adresse", "contact email", "reach email",
    ),
    "full_name": ("full name", "name", "fullname", "contact name", "first and last name", "vollständiger name"),
    "first_name": ("first name", "firstname", "given name", "forename", "vorname", "name first"),
    "last_name": ("last name", "lastname", "surname", "family name", "nachname", "name last"),
    "company": (
        "company", "company name", "companyname", "organization", "organisation", "organization name", "organisation name",
        "business", "business name", "employer", "firma", "unternehmen", "company work", "work company", "company work for",
        "account name", "name company", "name organization", "company name work",
    ),
    "title": (
        "title", "job title", "jobtitle", "role", "job role", "position", "job position", "work title", "designation",
        "current role", "current job title", "role company", "occupation", "job function title",
    ),
    "country": ("country", "country code", "country region", "country name", "land", "company country", "country based"),
    "state": ("state", "region", "province", "state region", "state province", "state code", "bundesland"),
    "city": ("city", "town", "ort", "stadt", "city town"),
    "postal": (
        "postal", "zip", "zipcode", "zip code", "postal code", "postcode", "post code", "zip postal code", "plz",
        "postleitzahl", "zip postal",
    ),
    "phone": (
        "phone", "phone number", "telephone", "telephone number", "mobile", "mobile number", "mobile phone",
        "mobile phone number", "mobilephone", "work phone", "work phone number", "business phone", "cell", "cell phone",
        "contact number", "phone no", "telefon", "telefonnummer", "tel",
    ),
    "website": (
        "website", "web site", "company website", "website url", "url website", "webseite", "homepage", "company url",
    ),
    "domain": ("domain", "company domain"),
    "industry": ("industry", "branche", "company industry", "sector", "industry sector"),
    "employees": (
        "employees", "numemployees", "number employees", "number of employees", "company size", "size company",
        "employee count", "no employees", "company headcount", "headcount", "employees company", "employees work company",
        "size organization", "organization size", "team size", "num employees", "anzahl mitarbeiter", "mitarbeiter",
    ),
    "product": ("product", "product interest", "product interested", "product interested in", "products interest"),
    "message": (
        "message", "comments", "comment", "questions comments", "comments questions", "nachricht", "anything else",
        "help", "hear from", "message us", "additional comments", "additional information", "inquiry", "enquiry",
    ),
    "source": ("source", "lead source", "hs lead source", "leadsource"),
    "honeypot": ("gotcha", "honeypot"),
    "fill_time_ms": ("fill time ms",),
    "fill_time_s": ("fill time s",),
    "asked": ("asked",),
    "consent": (
        "consent", "gdpr consent", "marketing consent", "email consent", "opt in", "optin", "email opt in",
        "marketing opt in", "marketing permission", "consent marketing", "newsletter opt in", "gdpr", "gdpr opt in",
    ),
    "consent_text": ("consent text", "consent wording"),
}  # fmt: skip


def plain(name: str) -> str:
    """A name in one spelling: lower case, words alone, without what a question wraps around them. Never blank for a name
    that has a word."""
    words = [word.lower() for word in _WORD.findall(_HUMP.sub(" ", name))]
    told = [word for word in words if word not in _FILLER]
    return " ".join(told or words)


_FIELD: Final[dict[str, str]] = {plain(name): field for field, names in _TABLE.items() for name in names}


def _every_name() -> frozenset[str]:
    found = set(LeadForm.model_fields)
    for info in LeadForm.model_fields.values():
        choices = getattr(info.validation_alias, "choices", ())
        found.update(name for name in choices if isinstance(name, str))
    return frozenset(found)


TAKEN: Final = _every_name()
"""Every spelling that `LeadForm` itself reads: nothing else may be kept under one."""
FIELDS: Final = frozenset(LeadForm.model_fields) - {"properties", "event_id"}


def field_of(name: str, names: Mapping[str, str]) -> str | None:
    """The field of a lead that a form's field is, or None. names: the vendor's own, in the spelling of `plain`."""
    if name in FIELDS:
        return name
    said = plain(name)
    return names.get(said) or _FIELD.get(said)


def by_name(flat: Flat, names: Mapping[str, str], hints: Mapping[str, str]) -> dict[str, Value]:
    """The vendor's own mapping: fields of `LeadForm`, and every other field under its own name. What the vendor itself says
    of a field (hints) comes first; of two that mean one thing the first counts and the other is kept."""
    fields: dict[str, Value] = {}
    rest: dict[str, Value] = {}
    sure = {hints[name]: name for name in reversed(flat) if name in hints}
    for name, value in flat.items():
        field = hints.get(name) or field_of(name, names)
        taken = field is None or field in fields or sure.get(field, name) != name
        if field is None and is_consent(name):
            field, taken = "consent", "consent" in fields
        if taken or field is None:
            rest[name] = value
        elif field == "consent":
            given, wording = consent_of(name, value)
            if given is None:
                rest[name] = value
                continue
            fields["consent"] = given
            if wording is not None:
                fields.setdefault("consent_text", wording)
        else:
            fields[field] = value if field in _NUMBERS else as_text(value)
    return fields | {kept_name(name): value for name, value in rest.items()}


_NUMBERS: Final = frozenset(("fill_time_ms", "fill_time_s"))


def kept_name(name: str) -> str:
    """A name under which `LeadForm` reads nothing."""
    return f"field {name}" if name in TAKEN else name


_YES: Final = frozenset(
    ("yes", "true", "on", "1", "y", "t", "checked", "accepted", "agree", "agreed", "ja", "oui", "si", "sí")
)
_NO: Final = frozenset(("no", "false", "off", "0", "n", "f", "unchecked", "declined", "nein", "non"))
_SAYS: Final = re.compile(
    r"^\W*(yes,?\s+)?(i|we) (agree|consent|would like to receive|want to receive|accept)\b", re.IGNORECASE
)


def is_consent(name: str) -> bool:
    """A box whose text is the wording: "I agree to receive mails"."""
    return _SAYS.match(name) is not None


def consent_of(name: str, value: Value) -> tuple[bool | None, str | None]:
    """(given, wording). A box's text sent as its value is what was agreed to; None where it says neither yes nor no."""
    wording = name if is_consent(name) else None
    if isinstance(value, bool):
        return value, wording
    said = as_text(value).strip()
    if said.lower().rstrip(".!") in _YES:
        return True, wording
    if said.lower().rstrip(".!") in _NO:
        return False, wording
    if _SAYS.match(said) or len(said.split()) > 3:
        return True, said
    return None, None
