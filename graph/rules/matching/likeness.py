"""How like an account's names and domains what was asked for is, by the rules of `names` and `labels`."""

from __future__ import annotations

from typing import Final

from graph.rules.matching.asked import Account, Asked, Book
from graph.rules.matching.labels import label_of, plain_label, related, stands_alone
from graph.rules.matching.names import FULL, Alike, Likeness, compare
from graph.rules.matching.tokens import initials, name_key, name_words

COMMON: Final = 0.72
"""Weight of a label in the book's names below which too many have it to be recognised by it."""


def name_likeness(asked: Asked, account: Account, book: Book) -> tuple[Alike | None, str]:
    """The best likeness to one of its names, and that name."""
    best, best_name = None, ""
    if not asked.words:
        return None, ""
    for name in account.names:
        alike = compare(asked.words, name_words(name), book)
        if asked.name_key == name_key(name):  # run together or apart as a whole: `G T X Pro`, `GTXPro`
            said = sum(map(book.weight, name_words(name))) / FULL
            alike = Alike("whole", max(alike.strength if alike else 0.0, min(1.0, said)))
        if alike is not None and alike.kind == "initials" and not _only_one(asked, name, book):
            alike = None
        if alike is not None and (best is None or _order(alike) > _order(best)):
            best, best_name = alike, name
    for label in filter(None, map(label_of, account.domains)):
        alike = _by_label(asked, plain_label(label), account)
        if alike is not None and (best is None or _rank(alike) > _rank(best)):
            best, best_name = alike, label
    return best, best_name


_KINDS: Final[dict[Likeness, int]] = {
    "whole": 8, "spelt": 7, "inside": 6, "initials": 5, "label": 4, "part": 3, "slipped": 2, "brand": 1, "begins": 0,
}  # fmt: skip


def _rank(alike: Alike) -> tuple[int, float]:
    """A better kind of likeness comes before a stronger one where one of the two is a domain's label."""
    return _KINDS[alike.kind], alike.strength


def _order(alike: Alike) -> tuple[float, int]:
    return alike.strength, _KINDS[alike.kind]


def _by_label(asked: Asked, label: str, account: Account) -> Alike | None:
    """The name typed is the label of its domain, or holds it where it is the initials of its name: aep.com says that
    American Electric Power calls itself AEP."""
    if label in asked.words and any(initials(name_words(name)) == label for name in account.names):
        return Alike("initials", 1.0 if asked.words[0] == label else 0.8)
    return Alike("label", 1 / FULL) if label == asked.name_key and stands_alone(label) else None


def _only_one(asked: Asked, name: str, book: Book) -> bool:
    """Initials stand for a name where one account alone could be meant."""
    short = initials(name_words(name))
    if short is None or short not in asked.words:
        short = initials(asked.words)
    return short is not None and book.with_initials(short) == 1


def family_of(asked: Asked, account: Account, book: Book) -> tuple[str, float, str] | None:
    """(relation, strength, the account's domain or name) of the asked domain's label."""
    if asked.label is None:
        return None
    best: tuple[str, float, str] | None = None
    for domain in account.domains:
        label = label_of(domain)
        found = related(asked.label, label) if label else None
        if found is not None and (best is None or _RELATIONS[found[0]] > _RELATIONS[best[0]]):
            best = found[0], label_strength(found[1], book), domain
    if best is None:
        plain = plain_label(asked.label)
        name = next((name for name in account.names if name_key(name) == plain), None)
        best = None if name is None else ("name", label_strength(plain, book), name)
    return best


_RELATIONS: Final = {"label": 2, "affix": 1, "subbrand": 0}


def label_strength(label: str, book: Book) -> float:
    """0..1: how sure one owner has this label under every ending. 0 where it is short or common: then only together with
    a name, a phone number or an address."""
    if not stands_alone(label) or book.weight(label) < COMMON:
        return 0.0
    return min(1.0, len(label) / 10)
