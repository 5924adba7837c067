"""Whether a writer's note says no more than the facts it was given. Decides by words alone; never rewrites a note."""

from __future__ import annotations

import re
from typing import Final

TEMPLATE: Final = "template"
"""The source of a note that no model wrote."""
_TOKEN = re.compile(r"[^\W\d_][\w'’-]*|\d[\d.,:]*")
_LINK = re.compile(r"[@<>]|://|[Ww]{3}\.")
_COMMON = """
    A About After All Also An And Answer As Ask At Be Because Before Both But By Call Check Contact Do Find First For
    From Good Has Have He Her Here His How However I If In Is It Its Lead Likely Mention No None Not Nothing Of On One
    Only Open Our Person She Should Since So Some Start Still That The Their There These They This Those To Two Under
    Unknown Until Up Use Was We What When Whether Which While Who Why Will With Without Worth Write You Your
"""
_OPENERS = frozenset(_COMMON.split())
"""Words that may begin a sentence with a capital and are nobody's name."""


def says_no_more(note: str, facts: str) -> bool:
    """Whether every number and every name in the note stands in the facts, and it carries no link or mention.

    A name is a word with a capital letter that is not a common English one; case and a genitive do not matter. Numbers
    are compared as written: "4,000" is not "4000".
    """
    if _LINK.search(note):
        return False
    written = set(facts.split())
    new = " ".join([word for word in note.split() if word not in written])  # a note mostly quotes its facts
    doubtful = [
        token
        for token in _TOKEN.findall(new)
        if (token[0].isdigit() or token != token.lower()) and token not in _OPENERS
    ]
    if not doubtful:
        return True
    facts = f" {facts.casefold()} "
    return all(_stands(_bare(token), facts) for token in doubtful)


def _bare(token: str) -> str:
    """Punctuation at the end, a genitive and upper case do not make another name."""
    return token.rstrip(".,:'’-").removesuffix("'s").removesuffix("’s").casefold()


def _stands(token: str, facts: str) -> bool:
    """Whether the facts hold the token as a whole word or number, not as a part of a longer one."""
    start = facts.find(token)
    while start >= 0:
        end = start + len(token)
        if not _goes_on(facts[end], facts[end + 1 : end + 2]) and not _goes_on(facts[start - 1], facts[start - 2]):
            return True
        start = facts.find(token, start + 1)
    return False


def _goes_on(near: str, beyond: str) -> bool:
    """Whether a word or number goes on over its neighbour: by a letter or digit, a hyphen, a point within a number."""
    return near.isalnum() or near == "_" or (near == "-" and beyond.isalnum()) or (near in ".,:" and beyond.isdigit())
