from __future__ import annotations

import pytest

from graph.rules.text import answer, block, choice, fold, line


def test_a_line_loses_control_characters_and_runs_of_white_space() -> None:
    assert line("  Maria \x00\t Lo\x07pez\r\n\u202eevil\ud800 ") == "Maria Lopez evil"


def test_a_line_is_cut_at_its_limit() -> None:
    assert line("x" * 1000, 10) == "x" * 10
    assert line("    " * 1000 + "x", 10) is None  # white space beyond any form's need is not searched for text


@pytest.mark.parametrize("blank", [None, "", "   ", "\x00\x01"])
def test_a_line_of_nothing_is_none(blank: str | None) -> None:
    assert line(blank) is None


@pytest.mark.parametrize(
    "name", ["José Núñez", "محمد علي", "Nguyễn Thị Hồng", "山田 太郎", "👩‍🚒 Ana", "O'Brien-Smith", "नेहा शर्मा"]
)
def test_text_of_any_script_stays_as_typed(name: str) -> None:
    assert line(name) == name


def test_a_message_keeps_its_lines() -> None:
    assert block(" Hello,\r\n\n  we need\ttracing\x00.\rBye ", 100) == "Hello,\n\n  we need\ttracing.\nBye"
    assert block("x" * 9000, 5000) == "x" * 5000


@pytest.mark.parametrize(
    "typed", ["N/A", "n/a", "-", "none", "NULL", "Please select", "--Select--", "Bitte auswählen", "?"]
)
def test_a_placeholder_is_no_choice(typed: str) -> None:
    assert choice(typed) is None


@pytest.mark.parametrize(
    "typed",
    [
        "N / A", "n.a", "--", "—", "x", "Please choose", "test", "TEST", "Test Test", "none", "No", "keine", "k.A.",
        "Keine Angabe", "aucun", "Néant", "ninguna", "Não tem", "nessuno", "geen", "n.v.t.", "ingen", "brak", "нет",
        "なし", "없음", "anonymous",
        "Sélectionnez",
    ],
)  # fmt: skip
def test_what_says_that_there_is_nothing_is_no_answer(typed: str) -> None:
    assert answer(typed) is None


@pytest.mark.parametrize(
    "typed", ["Testo AG", "Nokia", "Nobel", "Tester", "No. 1 Coffee", "Kein & Söhne", "Braka", "X Corp", "Ka"]
)
def test_what_only_begins_like_nothing_is_an_answer(typed: str) -> None:
    assert answer(typed) == typed


@pytest.mark.parametrize("typed", ["NO", "No", "ka", "test"])
def test_words_that_are_codes_elsewhere_are_a_choice(typed: str) -> None:
    assert choice(typed) == typed


@pytest.mark.parametrize("typed", ["NA", "Nonesuch", "Selecta", "0"])
def test_what_only_looks_like_a_placeholder_is_kept(typed: str) -> None:
    assert choice(typed) == typed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("U.S.A.", "usa"),
        ("Österreich", "OSTERREICH"),
        ("Łódź", "lodz"),
        ("Côte d'Ivoire", "cote divoire"),
        ("ＵＫ", "uk"),
    ],
)
def test_case_accents_and_punctuation_do_not_count_in_a_key(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_marks_that_make_another_letter_count_in_a_key() -> None:
    assert fold("ガ") != fold("カ")
    assert fold("कि") != fold("की")
