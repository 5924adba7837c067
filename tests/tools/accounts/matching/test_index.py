"""The index against a book that weighs every account, and what it promises of names that try to do something."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.companies import MIXES, World, ask
from graph.domain.evidence import AccountMatch
from graph.ports import CompanyAsk
from graph.rules.matching.confidence import LEAST_CONFIDENCE
from tests.fixtures.hostile_texts import HOSTILE
from tests.graph.rules.matching.book import PlainBook
from tools.accounts.known import KnownAccount
from tools.accounts.matching import AccountIndex

WORDS = (
    "acmerobo",
    "borg",
    "warner",
    "borgwarner",
    "borgwarnr",
    "quatrix",
    "solutions",
    "bank",
    "first",
    "national",
    "poland",
    "ii",
    "iii",
)
LABELS = ("acmerobo", "borgwarner", "borg-warner", "getquatrix", "quatrix", "bnp", "firstnational", "mail")
ENDINGS = ("com", "de", "co.uk")

names = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
domains = st.builds("{}.{}".format, st.sampled_from(LABELS), st.sampled_from(ENDINGS))
countries = st.sampled_from((None, "US", "DE", "PL"))
cities = st.sampled_from((None, "Berlin", "Boston"))
phones = st.sampled_from((None, "+14155550100", "+14155550101", "+493012345678"))
streets = st.sampled_from((None, "1 Main Street", "1 main st", "7 Oak Ave"))
parents = st.sampled_from((None, None, "k1", "k2"))


@st.composite
def books(draw: st.DrawFn) -> list[KnownAccount]:
    found = draw(
        st.lists(
            st.builds(
                KnownAccount,
                st.just(""),
                st.lists(names, max_size=2).map(tuple),
                st.lists(domains, max_size=2, unique=True).map(tuple),
                parents, countries, st.none(), cities, st.just("10115"), streets, phones,
            ),
            max_size=14,
        )
    )  # fmt: skip
    return [
        KnownAccount(
            f"k{at}", one.names, one.domains, one.parent, one.country, None, one.city, one.postal, one.street, one.phone
        )
        for at, one in enumerate(found)
    ]


@st.composite
def asks(draw: st.DrawFn) -> CompanyAsk:
    domain = draw(st.none() | domains)
    host = domain and draw(st.sampled_from((domain, f"labs.{domain}", f"eu.labs.{domain}")))
    return CompanyAsk(
        domain, draw(st.none() | names), host=host, phone=draw(phones), country=draw(countries), city=draw(cities),
        postal=draw(st.sampled_from((None, "10115"))), street=draw(streets), claimed=draw(st.booleans()) and domain is None,
    )  # fmt: skip


def decided(match: AccountMatch) -> tuple[object, ...]:
    """What a match decides. Of accounts that are all too weak the index need not look at every one."""
    return (match.code,) if match.code == "none" else (match.key, match.code, match.confidence, match.rivals, match.why)


@settings(max_examples=300, deadline=None)
@given(books(), st.lists(asks(), min_size=1, max_size=4))
def test_the_index_answers_what_weighing_every_account_answers(book: list[KnownAccount], asked: list[CompanyAsk]):
    index, plain = AccountIndex.build(book), PlainBook(book)
    assert [decided(match) for match in index.match(asked)] == [decided(plain.match(ask)) for ask in asked]


@settings(max_examples=100, deadline=None)
@given(books(), st.lists(asks(), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_accounts_changes_no_answer(book: list[KnownAccount], asked: list[CompanyAsk], draw: Random):
    shuffled = draw.sample(book, len(book))
    assert AccountIndex.build(shuffled).match(asked) == AccountIndex.build(book).match(asked)


@settings(max_examples=100, deadline=None)
@given(books(), st.lists(asks(), max_size=6))
def test_an_answer_does_not_depend_on_the_batch(book: list[KnownAccount], asked: list[CompanyAsk]):
    index = AccountIndex.build(book)
    assert index.match(asked) == [match for ask in asked for match in index.match([ask])]


def test_it_agrees_with_weighing_every_account_on_generated_companies():
    draw = Random(5)
    made = list(World(5, 300).companies(300))
    index, plain = AccountIndex.build(one.account for one in made), PlainBook([one.account for one in made])
    asked = [ask(draw.choice(made), draw.choice(MIXES), draw) for _ in range(150)]
    assert [decided(match) for match in index.match(asked)] == [decided(plain.match(one)) for one in asked]


@pytest.fixture(scope="module")
def index() -> AccountIndex:
    return AccountIndex.build(
        [
            KnownAccount("acmerobo.com", ("Acmerobo Inc.",), ("acmerobo.com",), country="US", phone="+14155550100"),
            KnownAccount("acmerobo.de", ("Acmerobo GmbH",), ("acmerobo.de",), parent="acmerobo.com", country="DE"),
            KnownAccount("name:quatrix", ("Quatrix",), street="1 Main Street", postal="94103"),
            KnownAccount("aep.com", ("American Electric Power Co Inc",), ("aep.com",)),
            KnownAccount("zenbank.com", ("Zenmark Bank",), ("zenbank.com",), phone="+493012345678"),
            KnownAccount("zenshop.com", ("Zenmark Bank AG",), ("zenshop.com",), phone="+493012345678"),
            *(KnownAccount(f"desk{at}.com", (f"Deskless {at}",), (f"desk{at}.com",), phone="+12125550100") for at in range(5)),
        ]
    )  # fmt: skip


def one(index: AccountIndex, domain: str | None = None, name: str | None = None, **more: object) -> AccountMatch:
    [match] = index.match([CompanyAsk(domain, name, **more)])  # type: ignore[arg-type]
    return match


def test_its_own_domain_and_a_host_below_it_are_the_account(index: AccountIndex):
    assert one(index, "acmerobo.com").key == "acmerobo.com"
    found = one(index, "acmerobo.com", "Somebody Else", host="eu.labs.acmerobo.com")
    assert (found.key, found.code) == ("acmerobo.com", "domain")
    assert found.confidence >= LEAST_CONFIDENCE
    assert found.why == "eu.labs.acmerobo.com lies below its domain acmerobo.com"


def test_another_domain_of_a_family_is_its_head(index: AccountIndex):
    found = one(index, "acmerobo.fr")
    assert (found.key, found.code) == ("acmerobo.com", "domain_family")


def test_a_name_that_two_accounts_have_gives_rivals(index: AccountIndex):
    found = one(index, name="Zenmark Bank")
    assert (found.key, found.code, found.rivals) == (None, "rivals", ("zenbank.com", "zenshop.com"))


def test_a_place_tells_two_accounts_of_one_family_apart(index: AccountIndex):
    assert one(index, name="Acmerobo", country="DE").key == "acmerobo.de"
    assert one(index, name="Acmerobo").key == "acmerobo.com", "without a place it is the head of the family"


def test_a_claimed_name_alone_is_none_and_says_why(index: AccountIndex):
    found = one(index, name="Quatrix", claimed=True)
    assert (found.key, found.code) == (None, "none")
    assert "free mail" in found.why


def test_a_claimed_name_with_its_phone_number_or_address_is_the_account(index: AccountIndex):
    found = one(index, name="Acmerobo", phone="+14155550142", claimed=True)
    assert (found.key, found.code) == ("acmerobo.com", "name_phone")
    found = one(index, name="Quatrix", street="1 Main St., Suite 4", postal="94103", claimed=True)
    assert (found.key, found.code) == ("name:quatrix", "name_place")


def test_a_number_that_many_share_decides_nothing(index: AccountIndex):
    assert one(index, phone="+12125550100").code == "none"
    assert one(index, phone="+14155550100").key == "acmerobo.com"


def test_initials_that_an_account_has_for_its_domain_are_its_name(index: AccountIndex):
    found = one(index, name="AEP Texas North Company")
    assert (found.key, found.code) == ("aep.com", "name")


def test_what_nobody_is_like_is_none(index: AccountIndex):
    found = one(index, "nobody.example", "Nobody At All")
    assert (found.key, found.code, found.confidence) == (None, "none", 0.0)
    assert one(index).code == "none"


@pytest.mark.parametrize(
    "text", ["a" * 10_000, "ab " * 5_000, "\x00\x1e\x1f", "(a+)+$", "\ud800", "\u202eacme", *HOSTILE.values()]
)
def test_hostile_names_are_data(index: AccountIndex, text: str):
    found = one(index, None, text, city=text, street=text, postal=text, phone=text)
    assert found.code in {"none", "name"}
    assert len(found.why) < 1_000
    assert one(index, None, f"Quatrix {text}").code in {"none", "name"}
    built = AccountIndex.build([KnownAccount("k", (text, "Quatrix"), ("k.com",), city=text, street=text, phone=text)])
    assert one(built, None, "Quatrix").key == "k"


def test_two_accounts_of_one_key_are_refused():
    with pytest.raises(ValueError, match="two known accounts have the key 'a.com'"):
        AccountIndex.build([KnownAccount("a.com", ("A",)), KnownAccount("a.com", ("B",))])


def test_an_empty_book_is_an_index_like_any_other():
    index = AccountIndex.build([])
    assert len(index) == 0
    assert one(index, "acmerobo.com", "Acmerobo").code == "none"
