"""What speaks for two leads being one person: a code, never a number of its own. Confidences are data beside this module.

A name alone proves nothing, nor does a phone, a company or a private mailbox's name: every code needs a name that agrees and
something besides that few people share. What tells two people apart (another generation, another middle name, `j.smith2`
beside `j.smith` at one company) ends the comparison.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

import orjson

from graph.domain.evidence import PersonCode
from graph.domain.person import Who
from graph.rules.emails import read_address
from graph.rules.people.names import Likeness, alike, read_name
from graph.rules.people.traits import Mailbox, Traits, domains_of, mailbox_of, traits_of

RARE: Final = 2
"""Leads with one name, these two among them, up to which the name counts as rare."""
CROWDED: Final = 4
"""Different names behind one phone from which it is a switchboard's."""
SURE: Final = 0.95
"""From this confidence on two leads are linked without asking. Below it people are asked."""
PLAUSIBLE: Final = 0.5
"""Below this confidence nothing is said."""

_BY_PHONE: Final[dict[Likeness, PersonCode]] = {"same": "phone_name", "initial": "phone_initial", "typo": "phone_typo"}
_BY_COMPANY: Final[dict[Likeness, PersonCode]] = {"initial": "company_initial", "typo": "company_typo"}


@cache
def confidences() -> dict[PersonCode, float]:
    """Share of right matches by code, measured (the file names the command)."""
    text = files("graph.rules").joinpath("people", "data", "confidences.json").read_bytes()
    found: dict[PersonCode, float] = orjson.loads(text)["confidences"]
    return found


def evidence(one: Traits, other: Traits, *, name_leads: int = RARE, phone_names: int = 1) -> PersonCode:
    """The strongest code that holds, `none` where none does. name_leads: leads with the name of either, anywhere;
    phone_names: different names behind the phone that they share."""
    address = _one_address(one, other)
    if one.name is None or other.name is None:
        return "email" if address else "none"
    if namesakes(one, other):
        return "none"
    likeness = alike(one.name, other.name)
    if likeness == "different":
        return "none"
    if address:
        return "email"
    codes = (_by_phone(one, other, likeness, phone_names), _by_company(one, other, likeness, name_leads))
    return max(codes, key=lambda code: confidences().get(code, 0.0))


def ruled_out(one: Traits, other: Who) -> bool:
    """Whether `evidence` finds nothing, whatever company the other typed (it is not looked at) and however many have the
    name. A cheap test, for the many who share a key; False where only `evidence` can say."""
    box, name = mailbox_of(other.email), read_name(other.full_name)
    mailbox = one.mailbox is not None and one.mailbox == box.mailbox and one.digits == box.digits
    if one.name is None or name is None:
        return not mailbox
    if namesakes(one, box) or alike(one.name, name) == "different":
        return True
    if mailbox or one.free != box.free or (one.phone is not None and one.phone == other.phone):
        return False
    return one.domains.isdisjoint(domains_of(other, box))


def _by_phone(one: Traits, other: Traits, likeness: Likeness, phone_names: int) -> PersonCode:
    if one.phone is None or one.phone != other.phone:
        return "none"
    if phone_names < CROWDED:
        return _BY_PHONE[likeness]
    return "switchboard_name" if _whole(one, other, likeness) else "none"


def _by_company(one: Traits, other: Traits, likeness: Likeness, name_leads: int) -> PersonCode:
    company = not one.domains.isdisjoint(other.domains)
    if not company and one.labels.isdisjoint(other.labels):
        return "none"
    if _one_mailbox(one, other):
        return "mail_family"
    whole = _whole(one, other, likeness)
    if company:
        if whole:
            return "company_name" if name_leads <= RARE else "common_company_name"
        return _BY_COMPANY[likeness] if likeness != "same" and _mailboxes_near(one, other) else "none"
    if whole and one.free != other.free:  # a private address beside the company's, whose name was typed
        return "typed_name" if name_leads <= RARE else "common_typed_name"
    return "none"


def _whole(one: Traits, other: Traits, likeness: Likeness) -> bool:
    """The same first and last name, both written out."""
    return likeness == "same" and one.name is not None and other.name is not None and one.name.full and other.name.full


def _one_address(one: Traits, other: Traits) -> bool:
    """One personal address, in any spelling that reaches it."""
    if one.mailbox is None or one.mailbox != other.mailbox or one.digits != other.digits:
        return False
    first, second = read_address(one.who.email), read_address(other.who.email)
    return first is not None and second is not None and first.person == second.person


def _one_mailbox(one: Traits, other: Traits) -> bool:
    """The same name of a mailbox at two domains, neither of them for private mail."""
    if one.mailbox is None or one.mailbox != other.mailbox or one.digits != other.digits:
        return False
    return not (one.free or other.free) and one.host != other.host


def namesakes(one: Traits | Mailbox, other: Traits | Mailbox) -> bool:
    """`j.smith` and `j.smith2` at one company: that is how companies tell their namesakes apart."""
    at_one = one.host == other.host and not one.free and one.mailbox is not None and one.mailbox == other.mailbox
    return at_one and one.digits != other.digits


def _mailboxes_near(one: Traits, other: Traits) -> bool:
    """One starts with the other's first letter and holds its surname's beginning: what `maya.ortiz` and `m.ortis` share."""
    if one.mailbox is None or other.mailbox is None or one.name is None or other.name is None:
        return False
    return (
        one.mailbox[0] == other.mailbox[0] and one.name.last[:3] in other.mailbox and other.name.last[:3] in one.mailbox
    )


SAID: Final[dict[PersonCode, str]] = {
    "merged": "the two were linked before",
    "email": "the same e-mail address",
    "phone_name": "the same phone and the same name",
    "phone_initial": "the same phone, and a name that fits the initial",
    "phone_typo": "the same phone, and the same name but for a slip",
    "switchboard_name": "the same name behind a phone that several people give",
    "mail_family": "the same mailbox name at another domain of the company, and a name that fits",
    "company_name": "the same rare name at the same company",
    "common_company_name": "the same name at the same company, but others have it too",
    "company_initial": "the same company, and a name that fits the initial",
    "company_typo": "the same company, and the same name but for a slip",
    "typed_name": "the same rare name, and the same company typed with a private address",
    "common_typed_name": "the same name, and the same company typed with a private address, but others have the name too",
    "statistical": "what the columns say together",
    "none": "nothing that tells them from others",
    "rivals": "several people fit about equally",
}
"""Each code as a part of a sentence."""


def compared(one: Who, other: Who, *, name_leads: int = RARE, phone_names: int = 1) -> tuple[PersonCode, float]:
    """The code for two people, and its confidence."""
    code = evidence(traits_of(one), traits_of(other), name_leads=name_leads, phone_names=phone_names)
    return code, confidences().get(code, 0.0)
