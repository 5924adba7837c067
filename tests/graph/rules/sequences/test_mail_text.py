from __future__ import annotations

import pytest

from graph.domain.sequence import Text
from graph.rules.sequences.mail_text import BadTemplate, fill, links_of, read_template, sayable

MAIL = read_template(
    "Subject: For {company|your team}\n\nHello {first_name|there},\nread [our\\ guide](https://e.example/a?x=1&y=2).\\\n{owner_name}\n"
)


def filled(**values: str | None) -> tuple[str, str, str]:
    made = fill(MAIL, {"owner_name": "Dee", **values}, lambda number, url: f"{url}#{number}")
    return made.subject, made.text, made.html


def test_values_are_filled_in_and_missing_ones_have_their_fallback():
    subject, text, html = filled(first_name="Maya", company=None)
    assert subject == "For your team"
    assert text == "Hello Maya, read our\\ guide: https://e.example/a?x=1&y=2#0.\nDee"
    assert html == ('<p>Hello Maya, read <a href="https://e.example/a?x=1&amp;y=2#0">our\\ guide</a>.<br>\nDee</p>')


@pytest.mark.parametrize(
    "typed",
    [
        "<b>Eve</b>",
        "Win at evil.example",
        "http://evil.example",
        "www.evil",
        "call@me.example",
        "{owner_email}",
        "[x](https://evil.example)",
        "x" * 61,
        "\x00\n",
        "",
    ],
)
def test_what_looks_like_mark_up_an_address_or_a_message_is_not_repeated(typed: str):
    assert sayable(typed) is None
    assert filled(first_name=typed) == filled(first_name=None)


def test_ordinary_names_are_said_as_typed_and_escaped_in_html():
    assert sayable("  Zoë\n O’Hara-Müller ") == "Zoë O’Hara-Müller"
    subject, _, html = filled(first_name="A & B", company="Fish & Chips\r\nBcc: eve")
    assert "Hello A &amp; B" in html
    assert subject == "For Fish & Chips Bcc: eve"  # one line: no header


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Hello\n\nbody", "line 1: write `Subject:"),
        ("Subject: x\n\n", "line 3: the mail says nothing"),
        ("Subject: x\n\n{first_name}", "line 3: {first_name} may be empty"),
        ("Subject: x\n\nhello\n{password|x}", "line 4: {password} is nothing"),
        ("Subject: x\n\n[a](http://e.example)", "line 3: [a](http://e.example) leads nowhere"),
        ("Subject: x\n\n[a](https://e.example/{first_name|x})", "line 3"),
        ("Subject: x\n\na } b", "line 3: a brace"),
        ("Subject: [a](https://e.example)\n\nb", "line 1: a subject holds no link"),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_refused_by_line(template: str, said: str):
    with pytest.raises(BadTemplate) as raised:
        read_template(template)
    assert str(raised.value).startswith(said)


def test_links_come_from_the_template_in_order():
    text = Text("s", "[a](https://one.example) and\n\n[b](https://two.example/x)")
    assert links_of(text) == ("https://one.example", "https://two.example/x")
