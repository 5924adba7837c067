"""Names of people as typed: tidied for showing, and split into given and family name where that is sure.

nameparser reads titles, suffixes, particles and `Family, Given`. It takes a quarter of a second to import and a quarter of a
millisecond a name, so a plain `Given Family` never enters it; a test holds the two to the same answer. Names in other
scripts stay as they are, and where an order is in doubt nothing is split: half of the world writes the family first.
"""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from graph.domain.values import value
from graph.rules.company_names import SURE_FORMS, says_company
from graph.rules.text import words

if TYPE_CHECKING:
    from nameparser import ParsedName


@value(frozen=True)
class PersonName:
    """full: as a person would write it, `Dr. Maya Ortiz`; None for what is no name. given, family: without title and suffix,
    None where not sure. company: a company was typed where the person should stand."""

    full: str | None
    given: str | None = None
    family: str | None = None
    company: bool = False


_NONE = PersonName(None)

# Letters of Europe's Latin alphabets; Vietnamese has more, and writes the family first.
_PLAIN = re.compile(r"([A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{2,}) ([A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{2,})")
_EUROPEAN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ſȘ-țẞ\u0300-\u036f\s.,'’`()\"“”„&/+-]+")
_ELSEWHERE = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+")
_TWO_PEOPLE = re.compile(r"&|/|\+|\b(?:and|und|et|y|e|og|och|en)\b", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_FAMILY_FIRST = words("CN HK HU JP KH KP KR MO SG TW VN")
# Where people have two family names, three words may be 2 + 1 or 1 + 2.
_TWO_FAMILIES = words("AO AR BO BR CL CO CR CU DO EC ES GQ GT HN MX MZ NI PA PE PR PT PY SV UY VE")
_SHORTEST_CASED = 4  # "JP" and "AJ" are written so
_SHORTEST_FAMILY = 3


@lru_cache(8192)
def person_name(typed: str, country: str | None = None) -> PersonName:
    """What is sure about a name of one line. country: ISO alpha-2; it says where the family may stand first."""
    plain = _PLAIN.fullmatch(typed)
    if plain is not None:
        first, last = plain.groups()
        known = _known_words()
        if first.lower() not in known and last.lower() not in known:
            return PersonName(typed) if country in _FAMILY_FIRST else PersonName(typed, first, last)
    return parsed_name(typed, country)


@cache
def _known_words() -> frozenset[str]:
    """Every word that means something to nameparser or says that there is no name: without one, two words are two names."""
    from nameparser import Lexicon  # noqa: PLC0415 - a quarter of a second, see above

    lexicon, found = Lexicon.default(), set[str]()
    for field in fields(lexicon):
        held = getattr(lexicon, field.name)
        if isinstance(held, frozenset):
            for entry in held:
                found.update(entry.split())
    return frozenset(found) | SURE_FORMS | {"test", "no", "none"}


def parsed_name(typed: str, country: str | None) -> PersonName:
    """The same for every name, by nameparser."""
    if _LETTER.search(typed) is None or _ELSEWHERE.fullmatch(typed):
        return _NONE
    if not _EUROPEAN.fullmatch(typed):
        return PersonName(typed)
    if says_company(typed):
        return PersonName(typed, company=True)
    from nameparser import parse  # noqa: PLC0415 - see above

    name = parse(typed)
    turned = "," in typed and _stands_at(name, "family") < _stands_at(name, "given")
    recased = len(typed) >= _SHORTEST_CASED and (typed.isupper() or typed.islower())
    if recased:
        name = name.capitalized()
    shown = str(name) if turned else _recased(typed, name) if recased else typed
    one = min(len(name.given), len(name.family)) > 1 and not name.ambiguities and not _TWO_PEOPLE.search(name.given)
    if not one or (not turned and _in_doubt(typed, name, country)):
        return PersonName(shown)
    return PersonName(shown, name.given, name.family)


def _stands_at(name: ParsedName, role: str) -> int:
    """Where its first word begins; behind everything where there is none."""
    return min(
        (token.span.start for token in name.tokens if token.role == role and token.span), default=len(name.original)
    )


def _recased(typed: str, name: ParsedName) -> str:
    """The words in their new case, what stands between them as typed."""
    shown, at = "", 0
    for token in name.tokens:
        if token.span:
            shown, at = shown + typed[at : token.span.start] + token.text, token.span.end
    return shown + typed[at:]


def _in_doubt(typed: str, name: ParsedName, country: str | None) -> bool:
    """Which word is the family's: `DUPONT Jean`, Nagy Éva in Hungary, three names in Spain."""
    first, _, rest = typed.partition(" ")
    if country in _FAMILY_FIRST or (len(first) >= _SHORTEST_FAMILY and first.isupper() and not rest.isupper()):
        return True
    if country not in _TWO_FAMILIES or " " in name.family:  # a particle says where the family begins: `de la Cruz`
        return False
    return any(len(word.strip(".")) > 1 for word in name.middle.split())
