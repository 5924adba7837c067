"""How sure we are which account a company is, in words for the one who gets the lead. Decides nothing."""

from __future__ import annotations

from typing import Final

from graph.domain.evidence import AccountMatch
from graph.rules.company_names import NAME_KEY

_BY: Final = {
    "domain_family": "another domain of {key}",
    "name": "matched by name",
    "name_place": "matched by name and place",
    "name_phone": "matched by name and phone",
    "phone": "matched by phone",
    "address": "matched by address",
    "hierarchy": "listed in the CRM under {key}",
}
_SHOWN = 3


def match_said(match: AccountMatch | None, domain: str) -> str:
    """ "matched by name and place to acme.com, 93% sure" or "could be acme.com or apex.com: nobody decided".

    Empty where it is the account under its own domain, or nothing came near. domain: the company's.
    """
    if match is None or match.code == "domain":
        return ""
    if match.code == "rivals":
        keys = [shown(key) for key in match.rivals[:_SHOWN]]
        more = len(match.rivals) - len(keys)
        others = f" or one of {more} more" if more else ""
        return f"could be {' or '.join(keys)}{others}: nobody decided"
    if match.code == "none":
        return f"may be {shown(match.rivals[0])}, which is not sure enough" if match.rivals else ""
    said = _BY[match.code].format(key=shown(match.key or ""))
    if match.code in ("hierarchy", "domain_family"):
        return said
    to = "" if match.key in (None, domain) else f" to {shown(match.key or '')}"
    return f"{said}{to}, {sure(match)} sure"


def sure(match: AccountMatch) -> str:
    """Confidence in whole percent, never rounded up to certainty: "93%"."""
    return f"{min(99, int(100 * match.confidence))}%"


def shown(key: str) -> str:
    """An account's key as people read it: one without a domain is called by its name."""
    return key.removeprefix(NAME_KEY)
