"""Company names for comparing: `Acme Corp.`, `ACME, Inc.` and `acme` give one key.

The key is for exact look-ups only. Two companies may share it, so whoever looks up must ask whether it is unique. Legal
forms are those of cleanco, with some of our own, without those that are words or places at the end of a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from cleanco.termdata import terms_by_country, terms_by_type

from graph.rules.text import fold, words

# Of cleanco's, what ends a name more often as a word, a country or a state than as a legal form: "Renin UK", "Bluegreen
# Vacations Unlimited", "Casa Da", "Lo Ok". Kinds of organisation stay too: a fund or a co-operative is no other company's form.
_NAMES_TOO = words(
    """
    at ba bl bm ca da dat ec ee eg ei ent ep et etat eu fa gp gs ij ik is kf kt me mb nl od oe og ok pp ps pse psu rt sc sd
    sem sep ses sf sp ss teo uk ud ultd unltd unlimited vat xt coop koop sicav fcp ong stg
    """
)
NAME_KEY: Final = "name:"
"""How the key of a known account begins of which only the name is known; all others are domains."""
_OWN = words(
    """
    me co cjsc ojsc jsc pjsc clg dac uc decv sadecv sapidecv eireli ek eood fzc fzco fze fzllc gmbhco gmbhcokg cokg mbh pao
    pbc pty pvt public sac saci sdn sdnbhd slu tbk ug zoo spzoo l3c lllc lllp rllp rlllp plllp pllp incorp limitada gbr
    unipersonal unipessoal publ ао зао
    """
)
_OWN_PHRASES = (
    "sp z oo", "sp zoo", "sp k", "sp j", "sa de cv", "s de rl de cv", "s de rl", "sapi de cv", "sab de cv",
    "limited liability company",
    "limited liability partnership", "limited liability limited partnership", "limited partnership",
    "ltd liability co", "public limited company", "public limited co", "public lc", "pub lc", "professional corporation",
    "professional limited liability company", "prof corp", "professional association", "prof assoc", "prof assn",
    "national association", "n assoc", "sociedad anonima", "societa per azioni", "societe anonyme", "sociedad limitada",
    "sociedad unipersonal", "s a", "s p a", "n v", "b v", "l p", "l l c", "p l c",
)  # fmt: skip
_DOTTED = words("n.a. n.a p.a. p.a")  # with dots a legal form of the USA; NA is North America, PA Pennsylvania
_FIRST = words("the pt ooo oao zao pao ооо оао пао зао ао тоо sarl eurl")  # where people write them before the name
_AND = words("& + and und et y e og och en")
_FILED = re.compile(r"/[A-Za-z ]{2,4}/?\Z")  # the state in names as the SEC files them: "INC /NV/"
_EAST_ASIAN = re.compile("株式会社|有限会社|合同会社|股份有限公司|有限公司|주식회사|유한회사|[(（][株有주][)）]|㈱")


def _terms() -> Iterator[tuple[str, ...]]:
    for terms in (*terms_by_type.values(), *terms_by_country.values(), _OWN_PHRASES):
        for term in terms:
            yield tuple(part for word in term.split() if (part := _part(word)))


def _part(word: str) -> str:
    lower = word.casefold()
    return "and" if lower in _AND else fold(lower)


def _phrases() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Legal forms of several words by their last one, the longest first."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for term in _terms():
        if len(term) > 1 and term != ("and", "co"):
            found.setdefault(term[-1], set()).add(term)
    return {last: tuple(sorted(terms, key=lambda term: (-len(term), term))) for last, terms in found.items()}


_FORMS = (frozenset(term[0] for term in _terms() if len(term) == 1) - _NAMES_TOO) | _OWN
_PHRASES = _phrases()
# At the end of a person's name none of these can stand; "Maria Sá" and "Henry Co" are people.
SURE_FORMS = words(
    """
    inc incorporated corp corporation llc llp lllp ltd limited plc pllc gmbh ohg sarl eurl sasu srl ltda oyj aps zrt kft bhd
    pte pvt tbk bvba gmbhcokg
    """
)
_SURE_DOTTED = words("b.v. n.v. s.a. s.l. s.p.a. s.r.l. s.r.o. d.o.o. e.v. a/s")


@lru_cache(1_024)
def company_key(name: str) -> str:
    """The name without case, accents, punctuation and legal form; empty where nothing is left to compare."""
    if not name.isascii():
        name = _EAST_ASIAN.sub(" ", name) if _EAST_ASIAN.sub("", name).strip() else name
    elif name[-1:] == "/":
        name = _FILED.sub("", name)
    written = name.replace(",", " ").split()
    while len(written) > 1 and written[-1].casefold() in _DOTTED:
        written.pop()
    parts = [part for word in written if (part := _part(word))]
    while len(parts) > 1 and (ending := _ending(parts)):
        del parts[-ending:]
    while len(parts) > 1 and parts[0] in _FIRST:
        parts.pop(0)
    return "".join(parts)


def domain_in(key: str | None) -> str | None:
    """The domain that an account's key is; None for one that is made from a name."""
    return None if not key or key.startswith(NAME_KEY) else key


def _ending(parts: list[str]) -> int:
    """How many words of a legal form end the name; something is always left of the name before it."""
    last = parts[-1]
    for phrase in _PHRASES.get(last, ()):
        if len(parts) > len(phrase) and tuple(parts[-len(phrase) :]) == phrase:
            return len(phrase)
    return 1 if last in _FORMS or last == "and" else 0


@lru_cache(4_096)
def says_company(name: str) -> bool:
    """Whether a name ends in a legal form that ends no person's name."""
    last = name.rpartition(" ")[2].casefold()
    return name.count(" ") > 0 and (fold(last) in SURE_FORMS or last in _SURE_DOTTED)
