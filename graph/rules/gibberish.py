"""Tells keys hit at random from words and names. It must be sure: a real person's name is never gibberish.

Looks at Latin letters only and knows no language. Names of every origin are unlike English ("Brzęczyszczykiewicz",
"Mkrtchyan", "Nguyễn", "Llwyd"), so nothing here asks whether a name is common; only for what no language writes: a walk
along the keyboard, one syllable hit again and again, capitals in the middle everywhere, consonants without end.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from graph.rules.text import words

_WORD = re.compile(r"[^\W\d_]+")
_ACCENTS = re.compile("[\u0300-\u036f]")

# Four neighbours on a keyboard, either way. Left out: those inside real words (wert, erty, rtyu, trew, ytre, azer).
_WALK = re.compile(
    "qwer|tyui|yuio|uiop|asdf|sdfg|dfgh|fghj|ghjk|hjkl|zxcv|xcvb|cvbn|vbnm|poiu|oiuy|iuyt|lkjh|kjhg|jhgf|hgfd|gfds"
    "|fdsa|mnbv|nbvc|bvcx|vcxz|qsdf|sdfh|asdg|dsfg|sdgf|fdgh|dfhg|jkhj|kjhk|hkjh"
)
_WALKS_ALONE = words("asd qwe zxc sdf dfg fgh ghj hjk jkl qaz wsx asdasd qweqwe abcd abcdef xxx xxxx")
_SAME = re.compile(r"([b-df-hj-np-tv-xz])\1{3}|(.)\2{5}")  # kkkk; a vowel is drawn out on purpose ("Karooooo")
_AGAIN = re.compile(r"(?P<unit>[a-z]{2,4}?)(?P=unit)+[a-z]?\Z")
_VOWEL = re.compile(r"[aeiouyw]")
_HUMPS = re.compile(r"[a-z][A-Z]")

# Letters that stand for one sound count once; r and l carry a syllable in many languages ("Vlk", "Mkrtchyan").
_ONE_SOUND = re.compile(r"schtsch|szcz|tsch|sch|tch|shch|ch|sh|cz|sz|rz|dz|zh|th|ph|ck|kh|gh|ts|ng|st")
_CONSONANTS = re.compile(r"[bcdfghjkmnpqstvxz]+")
_LONGEST_RUN = 5
_SHORTEST_WORD = 5
_SHORTEST_WALK = 4
_NEVER = words(
    """
    bq bx cx dx fq fx gx hx jq jx jz kx mx pq px qb qc qd qf qg qj qk qm qn qp qt qx qz sx tx vq vx vf
    wq wx xj xq xz zq zx zj jf jg jb vg vb vp fv pv fk xg xv
    """
)  # pairs that no Latin spelling joins inside a word, save a rare name; two of them in one word are no name


@lru_cache(1_024)
def is_mash(word: str) -> bool:
    """Whether one word of Latin letters was hit at random. Words of fewer than four letters never are."""
    if len(word) < _SHORTEST_WALK:
        return False
    plain = word if word.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFKD", word))
    if not plain.isascii():
        return False  # another script, or letters that this rule does not know
    lower = plain.lower()
    if _WALK.search(lower) or _SAME.search(lower) or _is_repeated(lower):
        return True
    if len(plain) < _SHORTEST_WORD or plain.isupper():
        return False  # too little to tell, or an abbreviation
    humps = len(_HUMPS.findall(plain))
    if humps >= 3 and len(plain) < 3 * (humps + 1):
        return True  # ThisIsAName has longer parts than nLMqKxrTbHwz
    return _is_unspeakable(lower)


def _is_unspeakable(lower: str) -> bool:
    runs = _CONSONANTS.findall(_ONE_SOUND.sub("c", lower))
    return max(map(len, runs), default=0) > _LONGEST_RUN or _strange_pairs(lower) >= 2


def _strange_pairs(lower: str) -> int:
    return sum(lower[i : i + 2] in _NEVER for i in range(len(lower) - 1))


def _is_repeated(lower: str) -> bool:
    """`asdasdasd`, `dfdfdf`, `lololololo`; not `Lulu`, `Tata`, `Barbara` or `Papapapadopoulos`."""
    match = _AGAIN.match(lower)
    if match is None:
        return False
    times, has_vowel = len(lower) // len(match["unit"]), _VOWEL.search(match["unit"]) is not None
    if not has_vowel:
        return len(lower) >= 6
    return times >= (4 if len(match["unit"]) == 2 else 3)


@lru_cache(1_024)
def is_gibberish_name(name: str) -> bool:
    """Whether a person's or company's name holds a word that was hit at random, or is nothing but a short one."""
    if not name.isascii() and not _WORD.search(name):
        return False
    return name.lower() in _WALKS_ALONE or any(map(is_mash, _WORD.findall(name)))


def is_gibberish_text(text: str) -> bool:
    """Whether most words of a message were hit at random. A short message of one such word is."""
    found = [word for word in _WORD.findall(text) if len(word) >= _SHORTEST_WORD]
    mashed = sum(map(is_mash, found))
    return mashed > 0 and 2 * mashed >= len(found) and 4 * mashed >= len(text.split())
