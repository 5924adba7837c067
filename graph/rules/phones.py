"""Phone numbers as E.164, by Google's tables (phonenumbers). A number that no exchange could reach is none.

A number never says where a person is, and a national number without a country stays unknown: both would be guesses.
"""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

_LONGEST = 60


def e164(typed: str | None, country: str | None) -> str | None:
    """`+14155550132`; None when it is no valid number. country: ISO alpha-2, where the number was typed without `+`.

    A leading `00` counts as `+` where it means nothing in the country's own way of dialling.
    """
    if typed is None or len(typed) > _LONGEST:
        return None
    found = _parse(typed, country)
    if found is None and (digits := typed.strip()).startswith("00"):
        return _parse("+" + digits[2:], None)
    return found


def _parse(typed: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(typed, country)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


phonenumbers.is_valid_number(phonenumbers.parse("+14155550132"))  # reads its tables now, not while a lead waits
