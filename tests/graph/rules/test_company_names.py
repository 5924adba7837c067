from __future__ import annotations

import pytest

from graph.rules.company_names import company_key


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
