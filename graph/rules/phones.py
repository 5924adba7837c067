"""Phone numbers as E.164, by Google's tables (phonenumbers). A number that no exchange could reach is none.

A number never says where a person is, and a national number without a country stays unknown: both would be guesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

_LONGEST = 60


def e164(typed: str | None, country: str | None) -> str | None:
    """`+14155550132`; None when it is no valid number. country: ISO alpha-2, where the number was typed without `+`.

    A leading `00` counts as `+` where it means nothing in the country's own way of dialling. Of two numbers the first counts;
    a remark around a number (`Durchwahl 12`, `(office)`, `call after 5`) is none of it.
    """
    if typed is None or len(typed) > _LONGEST:
        return None
    for text in _readings(typed.strip()):
        if (found := _parse(text, country)) is not None:
            return found
        if text.startswith("00") and (found := _parse("+" + text[2:], None)) is not None:
            return found
    return None


# Between two numbers; a slash without blanks stands inside of one: 089/123456.
_ANOTHER = re.compile(r"\s/\s|[;,|]|\s(?:or|oder|ou|o|and|und|et|y)\s", re.IGNORECASE)
_NUMBER = re.compile(r"[+(]*\d[\d\s().\u2010-\u2015/-]*\d")
_SPREADSHEET = re.compile(r"\d+\.0\Z")  # a number cell, written out
_FEWEST_DIGITS = 7  # a shorter run of digits in a text is an extension, or an hour


def _readings(text: str) -> Iterator[str]:
    """As typed, then what is left when remarks and a second number are taken away."""
    if _SPREADSHEET.match(text):
        text = text.removesuffix(".0")
    yield text
    for part in (_ANOTHER.split(text)[0], text):
        found = _NUMBER.search(part)
        if found and sum(map(str.isdigit, found[0])) >= _FEWEST_DIGITS and found[0] != text:
            yield found[0]


def _parse(typed: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(typed, country)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


phonenumbers.is_valid_number(phonenumbers.parse("+14155550132"))  # reads its tables now, not while a lead waits
