"""Company names for comparing: `Acme Corp.`, `ACME, Inc.` and `acme` give one key.

The key is for exact look-ups only. Two companies may share it, so whoever looks up must ask whether it is unique.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from graph.rules.text import fold, words

# Legal forms, folded; left out at the end of a name, or at its start where people write them there ("PT", "OOO").
_FORMS = words(
    """
    inc incorporated corp corporation co company ltd limited llc llp lp plc pllc pc pbc lllp
    gmbh mbh ag kg kgaa ohg ug ek ev se gmbhcokg gmbhco cokg
    sa sas sasu sarl eurl sci snc scop sl slu sac saci srl spa sapa ltda eireli me sadecv decv cv sapidecv
    bv nv bvba vof cvba as asa ab hb oy oyj aps is ehf hf
    spzoo zoo sro as doo dd kft zrt nyrt ood eood ad sia uab ou
    kk gk yk pte pty sdn bhd sdnbhd jsc pjsc ojsc cjsc ooo oao zao pao pt tbk pvt private public
    fzc fzco fze fzllc dac clg uc
    """
)
NAME_KEY: Final = "name:"
"""How the key of a known account begins of which only the name is known; all others are domains."""

_LONG_FORMS = (("sp", "z", "oo"), ("sp", "zoo"), ("sa", "de", "cv"), ("s", "de", "rl", "de", "cv"), ("s", "de", "rl"))
_AND = ("&", "+", "and", "und", "et", "y", "e", "og", "och", "en")


@lru_cache(8_192)
def company_key(name: str) -> str:
    """The name without case, accents, punctuation and legal form; empty where nothing is left to compare."""
    parts = [part for word in name.replace(",", " ").split() if (part := _part(word))]
    for form in _LONG_FORMS:
        if len(parts) > len(form) and tuple(parts[-len(form) :]) == form:
            del parts[-len(form) :]
    while len(parts) > 1 and (parts[-1] in _FORMS or parts[-1] == "and"):
        parts.pop()
    while len(parts) > 1 and parts[0] in {"the", "pt", "ooo", "oao", "zao", "pao"}:
        parts.pop(0)
    return "".join(parts)


def domain_in(key: str | None) -> str | None:
    """The domain that an account's key is; None for one that is made from a name."""
    return None if not key or key.startswith(NAME_KEY) else key


def _part(word: str) -> str:
    return "and" if word.casefold() in _AND else fold(word)
