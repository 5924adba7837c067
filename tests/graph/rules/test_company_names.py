from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
from cleanco.termdata import terms_by_country, terms_by_type

from graph.rules.company_names import _NAMES_TOO, company_key, says_company
from graph.rules.text import fold

FOLDER = Path(os.environ.get("LEAD_DATA", Path(__file__).parents[4] / "shared" / "data")) / "ex21"
needs_names = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"{FOLDER} is absent; set LEAD_DATA to real company names")


@pytest.mark.parametrize(
    "name",
    [
        "Acme Corp",
        "ACME, Inc.",
        "acme",
        "Acme Corporation Ltd.",
        "The Acme Company",
        "Acmé GmbH & Co. KG",
        "ACME S.A.S.",
        "Acme Sp. z o.o.",
        "Acme S. de R.L. de C.V.",
    ],
)
def test_a_company_has_one_key_with_any_legal_form(name: str) -> None:
    assert company_key(name) == "acme"


def test_an_and_is_an_and() -> None:
    assert company_key("Lark & Loom") == company_key("Lark and Loom Ltd") == company_key("LARK und LOOM")


@pytest.mark.parametrize(
    ("one", "other"), [("Acme Labs", "Acme"), ("Acme One", "Acme Two"), ("AB Volvo", "Volvo Cars")]
)
def test_other_companies_have_other_keys(one: str, other: str) -> None:
    assert company_key(one) != company_key(other)


@pytest.mark.parametrize("name", ["AG", "Co", "The", "Inc."])
def test_a_name_that_is_only_a_legal_form_is_kept(name: str) -> None:
    assert company_key(name)


@pytest.mark.parametrize("name", ["", " ", "...", "-"])
def test_nothing_has_an_empty_key(name: str) -> None:
    assert company_key(name) == ""


@pytest.mark.parametrize(
    "form",
    [
        "Limited Liability Company", "Limited Partnership", "Ltd. Liability Co.", "Public Limited Company", "Pub. LC",
        "Professional Corporation", "Prof. Assn.", "L.L.L.P.", "RLLP", "L3C", "N.A.", "P.A.", "Incorp.", "PBC",
        "S.A.B. de C.V.", "S.A.P.I. de C.V.", "S.A. (Sociedad Unipersonal)", "Unipessoal Lda", "Ltda.", "Limitada",
        "SGPS, S.A.", "Società per Azioni", "S p A", "S A", "Sprl", "BVBA", "AB (publ)", "Oyj", "ApS", "Kft.", "s.r.o.",
        "spol. s r.o.", "akc. spol.", "Sp. z o.o. Sp. k.", "d.o.o.", "EOOD", "Pty Ltd", "(Pty) Ltd", "Pvt. Ltd.",
        "Sdn. Bhd.", "Co., Ltd.", "K.K.", "PJSC", "FZ-LLC", "UG", "GmbH & Co. KG", "e.K.", "GbR", "ООО",
    ],
)  # fmt: skip
def test_a_legal_form_of_any_country_is_left_out_at_the_end(form: str) -> None:
    assert company_key(f"Zebra Quill {form}") == "zebraquill"


@pytest.mark.parametrize("name", ["ООО Зебра", "Зебра ПАО", "ЗАО Зебра"])
def test_russian_forms_are_left_out_at_either_end(name: str) -> None:
    assert company_key(name) == "зебра"


@pytest.mark.parametrize("name", ["株式会社東芝", "東芝株式会社", "(株)東芝", "㈱東芝"])
def test_japanese_forms_are_left_out_without_a_blank(name: str) -> None:
    assert company_key(name) == "東芝"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Renin UK Corporation", "Renin"), ("CEL SCI Corp", "CEL Corp"), ("Acme NA", "Acme"), ("Valley Coop", "Valley"),
        ("Wells Foundation", "Wells"), ("Port Authority", "Port"), ("Hotel Da Vinci", "Hotel Vinci"),
        ("Acme GP LLC", "Acme LP"),
    ],
)  # fmt: skip
def test_a_word_that_only_looks_like_a_legal_form_counts(one: str, other: str) -> None:
    assert company_key(one) != company_key(other)


def test_every_form_of_cleanco_is_left_out_unless_it_is_a_word_or_a_place_too() -> None:
    terms = {term for terms in (*terms_by_type.values(), *terms_by_country.values()) for term in terms}
    kept = {fold(term) for term in terms if company_key(f"Zebra Quill {term}") != "zebraquill"}
    assert kept <= _NAMES_TOO
    assert len(terms) - len(kept) > 250


def test_the_state_that_a_filing_names_is_left_out() -> None:
    assert company_key("HERITAGE FINANCIAL CORP /WA/") == company_key("Heritage Financial Corp.") == "heritagefinancial"


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("Acme GmbH", True),
        ("ACME, INC.", True),
        ("Acme B.V.", True),
        ("GmbH", False),
        ("Maya Ortiz", False),
        ("Henry Co", False),
    ],
)
def test_a_form_that_ends_no_persons_name_says_that_it_is_a_company(name: str, is_one: bool) -> None:
    assert says_company(name) is is_one


@needs_names
def test_most_forms_of_the_united_states_are_left_out() -> None:
    forms = json.loads((FOLDER / "us_legal_forms.json").read_text(encoding="utf-8"))["legal_forms"]["en"]
    written = [form for long, short in forms.items() for form in (long, *short)]
    left_out = [form for form in written if company_key(f"Zebra Quill {form}") == "zebraquill"]
    assert len(left_out) / len(written) > 0.55, "the rest are words: foundation, authority, district, cooperative"
    assert len(left_out) > len(written) - 75


@needs_names
def test_real_names_keep_something_and_rarely_meet() -> None:
    tickers = json.loads((FOLDER / "sec_company_tickers.json").read_text(encoding="utf-8")).values()
    with (FOLDER / "subsidiary_to_parent_ship.csv").open(encoding="utf-8") as file:
        names = {row["subsidiary_name"] for row in csv.DictReader(file)} | {item["title"] for item in tickers}
    keys = {name: company_key(name) for name in names}
    assert all(keys.values())
    assert len(set(keys.values())) / len(names) > 0.97
    assert all(company_key(name.upper()) == company_key(name.lower()) == key for name, key in keys.items())
