"""Whether a writer's note says no more than the facts it was given. Decides by words alone; never rewrites a note."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[^\W\d_][\w'’-]*|\d[\d.,:]*")
_LINK = re.compile(r"://|www\.|@|<|>", re.IGNORECASE)
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

    A name is a word with a capital letter that is not a common English one. Numbers are compared as written: "4,000"
    is not "4000".
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
    known = {_bare(token) for token in _TOKEN.findall(facts)}
    return all(_bare(token) in known for token in doubtful)


def _bare(token: str) -> str:
    """Punctuation at the end, a genitive and upper case do not make another name."""
    return token.rstrip(".,:'’-").removesuffix("'s").removesuffix("’s").casefold()
