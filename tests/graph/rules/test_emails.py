from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graph.rules.emails import read_address


@pytest.mark.parametrize(
    "typed",
    [
        "maria.lopez@acme.com",
        "  MARIA.Lopez@ACME.com\n",
        "Maria.Lopez@Acme.Com\u200b",
        "ｍａｒｉａ.lopez@acme.com",
        "maria.lopez @ acme.com",
        "mailto:maria.lopez@acme.com",
        "Maria Lopez <maria.lopez@acme.com>",
    ],
)
def test_spellings_of_an_address_are_one(typed: str) -> None:
    address = read_address(typed)
    assert address is not None
    assert (address.email, address.host, address.person) == ("maria.lopez@acme.com", "acme.com", "maria.lopez@acme.com")


@pytest.mark.parametrize("typed", ["m.aria+news@gmail.com", "MARIA@googlemail.com", "ma.ri.a@GMAIL.com"])
def test_gmail_ignores_dots_and_tags(typed: str) -> None:
    address = read_address(typed)
    assert address is not None
    assert address.person == "maria@gmail.com"


def test_dots_and_tags_are_other_people_elsewhere() -> None:
    persons = {
        a.person for typed in ("m.aria@acme.com", "maria@acme.com", "maria+x@acme.com") if (a := read_address(typed))
    }
    assert len(persons) == 3


def test_the_address_itself_keeps_its_dots_and_tags() -> None:
    address = read_address("M.aria+news@googlemail.com")
    assert address is not None
    assert address.email == "m.aria+news@googlemail.com"


def test_a_host_in_another_script_is_written_in_ascii() -> None:
    address = read_address("info@MÜNCHEN.de")
    assert address is not None
    assert address.email == "info@xn--mnchen-3ya.de"
    assert read_address("info@xn--mnchen-3ya.de") == address


@pytest.mark.parametrize(
    "typed",
    [
        None, "", "maria", "maria@", "@acme.com", "maria@acme", "maria@localhost", "maria@acme.local",
        "maria@acme.test",
        "maria@@acme.com", "maria@a_b.com", "ma..ria@acme.com", "maria@[10.0.0.1]", "maria lopez@acme.com",
        "maria@acme.com, eve@evil.com", "maria@" + "a" * 64 + ".com", "m" * 300 + "@acme.com", "maria@acme.com\x00",
        "+41 44 668 18 00", "n/a", "x" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_address_is_none(typed: str | None) -> None:
    assert read_address(typed) is None


_LOCAL = st.text("abcXYZ019._+-!#'@ éß", min_size=1, max_size=70)
_LABEL = st.text("abcXYZ019-_ü", min_size=1, max_size=66)
_HOST = st.lists(_LABEL, min_size=1, max_size=4).map(".".join)


@given(_LOCAL, _HOST)
@example("a", "b.test")
@example("a", "b.arpa")
@example("a.b", "x--y.com")
@example("a", "xn--a.com")
@example("a", "1.2.3.4")
@example("a", "b.c")
@example("a" * 65, "b.com")
@example("a", "-b.com")
@example("a", "b-.com")
@settings(max_examples=400, deadline=None)
def test_the_quick_way_accepts_what_the_library_accepts_and_nothing_else(local: str, host: str) -> None:
    typed = f"{local}@{host}"
    try:
        found = validate_email(typed, check_deliverability=False)
        expected = f"{found.local_part.lower()}@{found.ascii_domain.lower()}"
    except EmailNotValidError:
        expected = None
    address = read_address(typed)
    if expected is None and " " in typed:
        return  # space around the @ is forgiven
    assert (address.email if address else None) == expected
