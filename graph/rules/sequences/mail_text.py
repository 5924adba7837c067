"""A mail's words: a template with places to fill in, as plain text and as HTML.

    Subject: A question about {company|your team}

    Hello {first_name|there},

    you may like [our guide](https://example.com/guide).

`{name|what to say without it}` is filled with what the form said; `[words](https://...)` is a link. Lines are joined, a blank
one ends a paragraph, a backslash at the end of a line keeps its break. Links come from the
template alone. What a stranger typed is text: it cannot become a link, mark-up or a header, and what looks like an address
or a message of its own is not repeated at all: anybody can type anybody's e-mail address into a form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from graph.domain.sequence import Text
from graph.domain.values import value

TYPED: Final = ("first_name", "full_name", "company", "title", "country", "product")
"""What a form may have said: each needs a fallback."""
OURS: Final = ("owner_name", "owner_email")
_PIECE: Final = re.compile(
    r"\{(?P<name>[^{}|]*)(?:\|(?P<fallback>[^{}]*))?\}|\[(?P<label>[^\]\n]*)\]\((?P<url>[^)\s]*)\)|(?P<stray>[{}])"
)
_LOOKS_LIKE_AN_ADDRESS: Final = re.compile(r"://|www\.|@|[\w-]\.[a-z]{2,}\b|[<>{}\[\]\\|]", re.IGNORECASE)
_LONGEST: Final = 60
Link: TypeAlias = Callable[[int, str], str]
"""(number of the link in the template from 0, its address) -> the address to send."""


class BadTemplate(ValueError):
    """The text says which line, and what to write instead."""


@value(frozen=True)
class Filled:
    """subject: one line; text: plain; html: the body's paragraphs, everything escaped."""

    subject: str
    text: str
    html: str


def read_template(content: str) -> Text:
    """A template file. Raises BadTemplate."""
    first, _, body = content.replace("\r\n", "\n").lstrip("\ufeff").partition("\n")
    name, colon, subject = first.partition(":")
    if name.strip().lower() != "subject" or not colon or not subject.strip():
        raise BadTemplate("line 1: write `Subject: what the mail is about`")
    text = Text(subject.strip(), body.strip())
    if not text.body:
        raise BadTemplate("line 3: the mail says nothing")
    for number, line in enumerate(content.splitlines(), start=1):
        for fault in _faults(line, in_subject=number == 1):
            raise BadTemplate(f"line {number}: {fault}")
    return text


def _faults(line: str, *, in_subject: bool) -> Iterator[str]:
    for piece in _PIECE.finditer(line):
        if piece["stray"]:
            yield "a brace that belongs to nothing; places to fill in are written {first_name|there}"
        elif piece["url"] is not None:
            if in_subject:
                yield "a subject holds no link"
            elif not _is_web(piece["url"]):
                yield f"[{piece['label']}]({piece['url']}) leads nowhere; write an address that begins with https://"
        elif piece["name"] in TYPED and not (piece["fallback"] or "").strip():
            yield f"{{{piece['name']}}} may be empty; say what stands there then, as in {{{piece['name']}|there}}"
        elif piece["name"] not in TYPED + OURS:
            yield f"{{{piece['name']}}} is nothing that can be filled in; there are {', '.join(TYPED + OURS)}"


def _is_web(url: str) -> bool:
    try:
        split = urlsplit(url)
    except ValueError:
        return False
    return split.scheme == "https" and bool(split.hostname) and "{" not in url


def links_of(text: Text) -> tuple[str, ...]:
    """The addresses that the mail links to, in order."""
    return tuple(piece["url"] for piece in _PIECE.finditer(text.body) if piece["url"] is not None)


def sayable(typed: str | None) -> str | None:
    """What a stranger typed, as far as a mail repeats it: one short line, no address and no mark-up; else None."""
    said = " ".join("".join(char if unicodedata.category(char)[0] != "C" else " " for char in typed or "").split())
    return None if not said or len(said) > _LONGEST or _LOOKS_LIKE_AN_ADDRESS.search(said) else said


def fill(text: Text, values: Mapping[str, str | None], link: Link) -> Filled:
    """values: by the names of TYPED and OURS."""
    subject = " ".join(_plain(text.subject, values, lambda _, url: url).split())
    paragraphs = [_joined(part) for part in re.split(r"\n\s*\n", text.body) if part.strip()]
    counted = _counted(link)
    plain = [_plain(part, values, counted) for part in paragraphs]
    counted = _counted(link)
    html = [f"<p>{_html(part, values, counted)}</p>" for part in paragraphs]
    return Filled(subject, "\n\n".join(plain), "\n".join(html))


def _joined(paragraph: str) -> str:
    lines = [line.strip() for line in paragraph.strip().splitlines()]
    return " ".join(line[:-1].rstrip() + "\n" if line.endswith("\\") else line for line in lines).replace("\n ", "\n")


def _counted(link: Link) -> Link:
    number = iter(range(10_000))
    return lambda _, url: link(next(number), url)


def _plain(part: str, values: Mapping[str, str | None], link: Link) -> str:
    def said(piece: re.Match[str]) -> str:
        if piece["url"] is not None:
            return f"{piece['label']}: {link(0, piece['url'])}"
        return _filled(piece, values)

    return _PIECE.sub(said, part)


def _html(part: str, values: Mapping[str, str | None], link: Link) -> str:
    made, at = [], 0
    for piece in _PIECE.finditer(part):
        made.append(escape(part[at : piece.start()]))
        if piece["url"] is not None:
            made.append(f'<a href="{escape(link(0, piece["url"]))}">{escape(piece["label"])}</a>')
        else:
            made.append(escape(_filled(piece, values)))
        at = piece.end()
    made.append(escape(part[at:]))
    return "".join(made).replace("\n", "<br>\n")


def _filled(piece: re.Match[str], values: Mapping[str, str | None]) -> str:
    if piece["stray"]:
        return piece["stray"]
    name = piece["name"]
    said = values.get(name) if name in OURS else sayable(values.get(name))
    return said or (piece["fallback"] or "").strip()
