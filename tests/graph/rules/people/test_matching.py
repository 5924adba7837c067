from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from graph.domain.evidence import PersonCode
from graph.domain.person import Candidate, Who
from graph.rules.people.evidence import PLAUSIBLE, SAID, SURE, compared, confidences
from graph.rules.people.matching import NEVER_SURE, best_match, is_sure
from graph.rules.people.traits import keys_of, traits_of

MAYA = Who("ld_1", "Maya Ortiz", "maya.ortiz@acme.com", "+14155550132", "Acme Labs", "acme.com")


def other(**changed: Any) -> Who:
    """Somebody of whom nothing but the name is the same."""
    return replace(Who("ld_2", "Maya Ortiz", "m@elsewhere.net", None, None, "elsewhere.net"), **changed)


def code(one: Who, two: Who, **counts: int) -> str:
    assert compared(one, two, **counts) == compared(two, one, **counts)
    return compared(one, two, **counts)[0]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"phone": MAYA.phone}, "phone_name"),
        ({"phone": MAYA.phone, "full_name": "M. Ortiz"}, "phone_initial"),
        ({"phone": MAYA.phone, "full_name": "Maya Ortis"}, "phone_typo"),
        ({"email": "maya.ortiz@acme.co.uk", "domain": "acme.co.uk"}, "mail_family"),
        ({"email": "maya.ortiz@acme-cloud.de", "domain": "acme-cloud.de", "parent_domain": "acme.com"}, "mail_family"),
        ({"email": "m.ortiz@acme.com", "domain": "acme.com"}, "company_name"),
        ({"email": "mo@acme-cloud.de", "domain": "acme-cloud.de", "parent_domain": "acme.com"}, "company_name"),
        ({"email": "m.ortiz@acme.com", "domain": "acme.com", "full_name": "M. Ortiz"}, "company_initial"),
        ({"email": "m.ortizz@acme.com", "domain": "acme.com", "full_name": "Maya Ortizz"}, "company_typo"),
        ({"email": "maya77@gmail.com", "domain": None, "company": "ACME Labs Inc."}, "typed_name"),
        ({"email": "maya77@gmail.com", "domain": None, "company": "Acme"}, "typed_name"),
        ({"email": "Maya.Ortiz@acme.com".lower(), "domain": "acme.com", "full_name": None}, "email"),
    ],
)
def test_each_code_has_its_evidence(changed: dict[str, Any], expected: str):
    assert code(MAYA, other(**changed)) == expected


@pytest.mark.parametrize(
    "changed",
    [
        {},  # the same name at another company
        {"full_name": "Ana Weber", "email": "ana.weber@acme.com", "domain": "acme.com"},  # a colleague
        {
            "full_name": "Ana Weber",
            "email": "ana.weber@acme.com",
            "domain": "acme.com",
            "phone": MAYA.phone,
        },  # one office
        {"full_name": "Luis Ortiz", "phone": MAYA.phone},  # one household
        {"full_name": None, "email": "info@acme.com", "domain": "acme.com", "phone": MAYA.phone},
        {"email": "maya.ortiz2@acme.com", "domain": "acme.com"},  # how companies tell namesakes apart
        {"email": "maya.ortiz@gmail.com", "domain": None},  # the same name of a mailbox, and nothing else
        {"email": "maya.ortiz@gmail.com", "domain": None, "company": "Other Works"},
    ],
)
def test_what_must_not_match_does_not(changed: dict[str, Any]):
    assert code(MAYA, other(**changed)) == "none"


def test_private_mailboxes_of_one_name_at_two_providers_are_no_evidence():
    one = Who("ld_1", "Maya Ortiz", "maya.ortiz@gmail.com")
    assert code(one, Who("ld_2", "Maya Ortiz", "maya.ortiz@yahoo.com")) == "none"
    assert code(one, Who("ld_3", "Maya Ortiz", "mayaortiz+x@googlemail.com")) == "email", "Gmail reaches one mailbox"


def test_father_and_son_on_one_line_are_two_people():
    line = "+12125550100"
    father, son = Who("ld_1", "John Smith Sr.", None, line), Who("ld_2", "John Smith Jr.", None, line)
    assert code(father, son) == "none"


def test_a_switchboard_and_a_common_name_make_a_match_less_sure():
    same_phone = other(phone=MAYA.phone)
    assert code(MAYA, same_phone, phone_names=9) == "switchboard_name"
    colleague = other(email="m.ortiz@acme.com", domain="acme.com")
    assert code(MAYA, colleague, name_leads=7) == "common_company_name"
    known = confidences()
    assert known["switchboard_name"] < SURE < known["phone_name"]
    assert known["common_company_name"] < SURE < known["company_name"]


def test_every_code_is_said_in_words_and_those_of_single_rules_were_measured():
    codes = set(get_args(PersonCode))
    assert codes == SAID.keys()
    assert codes - {"none", "rivals", "statistical"} == confidences().keys()
    assert all(0 <= share <= 1 for share in confidences().values())


def candidate(who: Who, **given: Any) -> Candidate:
    return Candidate(who, **given)


def test_the_best_candidate_is_named_with_code_and_reason():
    found = best_match(traits_of(MAYA), [candidate(other(phone=MAYA.phone)), candidate(other(lead_id="ld_9"))])
    assert (found.lead_id, found.code) == ("ld_2", "phone_name")
    assert found.why == "The same phone and the same name as lead ld_2."
    assert is_sure(found)


def test_between_two_plausible_people_none_is_chosen():
    two = [candidate(other(lead_id=name, phone=MAYA.phone, email=f"{name}@x.com")) for name in ("ld_b", "ld_a")]
    found = best_match(traits_of(MAYA), two)
    assert (found.lead_id, found.code, found.rivals) == (None, "rivals", ("ld_a", "ld_b"))
    assert not is_sure(found)


def test_leads_of_one_person_are_no_rivals_of_each_other():
    two = [candidate(other(lead_id=name, phone=MAYA.phone), group="ld_a") for name in ("ld_b", "ld_a")]
    assert best_match(traits_of(MAYA), two).code == "phone_name"


def test_a_lead_that_is_linked_goes_before_all_evidence():
    linked = candidate(other(lead_id="ld_far", full_name="Someone Else"), merged=True)
    found = best_match(traits_of(MAYA), [candidate(other(phone=MAYA.phone)), linked])
    assert (found.lead_id, found.code, found.confidence) == ("ld_far", "merged", 1.0)


def test_nobody_fits_is_said_so():
    found = best_match(traits_of(MAYA), [candidate(other())])
    assert (found.lead_id, found.code, found.confidence, found.rivals) == (None, "none", 0.0, ())
    assert best_match(traits_of(MAYA), []).code == "none"


def test_words_that_anybody_may_type_are_never_sure():
    stranger = other(email="maya77@gmail.com", domain=None, company="Acme Labs")
    found = best_match(traits_of(stranger), [candidate(MAYA)])
    assert found.code in NEVER_SURE
    assert found.confidence >= PLAUSIBLE
    assert not is_sure(found)


@pytest.mark.parametrize(
    "changed",
    [
        {"phone": MAYA.phone},
        {"phone": MAYA.phone, "full_name": "M. Ortiz"},
        {"phone": MAYA.phone, "full_name": "Ortiz, Maya"},
        {"phone": MAYA.phone, "full_name": "Maya Ortis"},
        {"email": "maya.ortiz@acme.de", "domain": "acme.de"},
        {"email": "m.ortiz@acme.com", "domain": "acme.com", "full_name": "M. Ortiz"},
        {"email": "maya77@gmail.com", "domain": None, "company": "ACME Labs Inc."},
        {"email": "mo@acme-cloud.de", "domain": "acme-cloud.de", "parent_domain": "acme.com"},
    ],
)
def test_who_matches_shares_a_key(changed: dict[str, Any]):
    assert set(keys_of(traits_of(MAYA))) & set(keys_of(traits_of(other(**changed))))


def test_a_name_alone_a_role_and_a_private_mailbox_give_no_key():
    assert keys_of(traits_of(Who("ld_1", "Maya Ortiz"))) == ()
    assert keys_of(traits_of(Who("ld_1", None, "maya@gmail.com", None, "Acme"))) == ()
    assert keys_of(traits_of(Who("ld_1", None, "info@acme.com", None, None, "acme.com"))) == ()
    assert all(-(2**63) <= key < 2**63 for key in keys_of(traits_of(MAYA)))
