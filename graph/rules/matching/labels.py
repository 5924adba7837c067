"""Domains of one owner: what an unknown domain has to do with an account's domain or name.

    acme.de          acme.com          the same label under another ending
    bigacme-corp.com bigacmecorp.com   hyphens aside
    getbigacme.com   bigacme.com       a word that says nothing beside the label
    acme-labs.com    acme.com          a brand below it: only with further evidence
    generalacme.com  General Acme Inc  the label is the account's name

Never asks a name server, and never takes a misspelt label for its neighbour: mercadolivre.com.br is not mercadolibre.com.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal, TypeAlias

from graph.rules.domains import registrable
from graph.rules.mailboxes import is_free
from graph.rules.matching.words import is_common
from graph.rules.text import words

Relation: TypeAlias = Literal["label", "affix", "subbrand"]

SHORTEST_ALONE: Final = 5
"""Letters of a label that is one owner's under every ending: of four letters nearly all are taken, by whoever came first."""
SHORTEST: Final = 3
SHORTEST_STEM: Final = 5
"""Letters beside a word that says nothing (get, hq), else `getout` would be a company called `out`."""

_PREFIXES = tuple(sorted(words("get try use join go my the hello lets watch shop team meet hey we")))
_SUFFIXES = tuple(
    sorted(
        words(
            """
    hq app inc corp co ltd llc group online mail web site net usa us uk eu de fr es it nl ca au in jp br mx ch at
    global intl international america europe asia india canada germany france japan brasil mexico australia shop store
    """
        )
    )
)


@lru_cache(1_024)
def label_of(domain: str) -> str | None:
    """What its owner chose in a domain or host: `acme-labs` of `www.acme-labs.co.uk`. None where it is no public name, or
    belongs to a provider of mailboxes, not to who writes from there."""
    own = domain if domain.count(".") == 1 else registrable(domain)
    if own is None:
        return None
    label = own.partition(".")[0]
    return None if not label or is_free(domain, own, label) else label


def plain_label(label: str) -> str:
    """Without hyphens; a label in another alphabet (`xn--`) stays as it is."""
    return label if label.startswith("xn--") else label.replace("-", "")


@lru_cache(1_024)
def affix_stems(label: str) -> tuple[str, ...]:
    """What is left of a label without a word that says nothing: `bigacme` of `getbigacme` and of `bigacme-hq`."""
    plain = plain_label(label)
    if plain.startswith("xn--"):
        return ()
    found = []
    if plain.startswith(_PREFIXES):
        found = [plain[len(start) :] for start in _PREFIXES if plain.startswith(start)]
    if plain.endswith(_SUFFIXES):
        found += [plain[: -len(end)] for end in _SUFFIXES if plain.endswith(end)]
    return tuple(dict.fromkeys(stem for stem in found if len(stem) >= SHORTEST_STEM))


@lru_cache(1_024)
def stems(label: str) -> dict[str, Relation]:
    """Labels that an owner of this one may have too, with how they are related; its own plain spelling first."""
    plain = plain_label(label)
    found: dict[str, Relation] = {plain: "label"}
    if plain.startswith("xn--"):
        return found
    for stem in affix_stems(label):
        found.setdefault(stem, "affix")
    first, hyphen, _ = label.partition("-")
    if hyphen and len(first) >= SHORTEST:
        found.setdefault(first, "subbrand")
    for length in range(len(plain) - 3, SHORTEST_STEM - 1, -1):
        found.setdefault(plain[:length], "subbrand")
    return found


def related(asked: str, known: str) -> tuple[Relation, str] | None:
    """(how an asked label is related to a known one, the label they share); None where it is not."""
    plain = plain_label(known)
    if (relation := stems(asked).get(plain)) is not None:
        return relation, plain
    asked = plain_label(asked)
    return ("affix", asked) if asked in affix_stems(known) else None


def stands_alone(label: str) -> bool:
    """Nobody else is likely to have it under another ending: long enough, and not a word that many use."""
    plain = plain_label(label)
    return (len(plain) >= SHORTEST_ALONE or label.startswith("xn--")) and not is_common(plain) and not plain.isdecimal()
