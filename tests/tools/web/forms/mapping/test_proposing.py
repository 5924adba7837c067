"""What a pasted payload is taken for: by name in seven languages, by shape, and unsure where two answers are as good."""

from __future__ import annotations

from typing import Any

import pytest

from tools.web.forms.flattening import flatten
from tools.web.forms.mapping.choosing import from_choices, over, proposed_mapping
from tools.web.forms.mapping.names import LANGUAGES, likenesses, spellings
from tools.web.forms.mapping.proposing import Proposal, propose
from tools.web.forms.mapping.spec import FIELDS, BadMapping, read_mapping


def proposed(payload: Any) -> dict[str, Proposal]:
    return {one.name: one for one in propose(flatten(payload))}


def fields_of(payload: Any) -> dict[str, str | None]:
    return {name: one.field for name, one in proposed(payload).items()}


GERMAN = {
    "Vorname": "Maya", "Nachname": "Ortiz", "E-Mail-Adresse": "maya@acme.de", "Telefonnummer": "030 1234567",
    "Firma": "Acme GmbH", "Anzahl der Mitarbeiter": "51-200", "Land": "Deutschland", "PLZ": "10115", "Einwilligung": "Ja",
    "Ihre Nachricht": "Wir brauchen Tracing für 300 Dienste noch in diesem Quartal.",
}  # fmt: skip
FORMS = [
    (GERMAN, ["first_name", "last_name", "email", "phone", "company", "employees", "country", "postal", "consent", "message"]),
    (
        {"Prénom": "Jean", "Nom": "Dupont", "Adresse e-mail": "j@dupont.fr", "Numéro de téléphone": "01 23 45 67 89",
         "Société": "Dupont SA", "Fonction": "Directeur technique", "Nombre de salariés": "200-999", "Pays": "France"},
        ["first_name", "last_name", "email", "phone", "company", "title", "employees", "country"],
    ),
    (
        {"Nombre": "María", "Apellidos": "López", "Correo electrónico": "m@x.es", "Empresa": "Solar S.L.", "Cargo": "CTO",
         "Número de empleados": "10-50", "Mensaje": "Una demostración, por favor"},
        ["first_name", "last_name", "email", "company", "title", "employees", "message"],
    ),
    (
        {"Nome e cognome": "Giulia Bianchi", "E-mail aziendale": "g@bianchi.it", "Azienda": "Bianchi SpA",
         "Numero di dipendenti": "51-200", "Ruolo": "Direttore IT", "Consenso privacy": True},
        ["full_name", "email", "company", "employees", "title", "consent"],
    ),
    (
        {"Voornaam": "Jan", "Achternaam": "de Vries", "E-mailadres": "jan@vries.nl", "Bedrijfsnaam": "Vries BV",
         "Aantal medewerkers": "20-199", "Woonplaats": "Utrecht", "Bericht": "Graag een demo"},
        ["first_name", "last_name", "email", "company", "employees", "city", "message"],
    ),
    (
        {"Primeiro nome": "Ana", "Sobrenome": "Souza", "E-mail corporativo": "ana@souza.com.br", "Telefone": "+55 11 91234-5678",
         "Nome da empresa": "Souza Ltda", "Número de funcionários": "200-999", "Cidade": "São Paulo"},
        ["first_name", "last_name", "email", "phone", "company", "employees", "city"],
    ),
    (
        {"data": {"contact": {"name": "Maya Ortiz", "email": "maya@acme.com", "mobilePhone": "+1 415 555 0132"},
                  "company": {"name": "Acme Inc", "size": "51-200", "website": "acme.com"},
                  "created_at": "2026-01-02T03:04:05Z"}},
        ["full_name", "email", "phone", "company", "employees", "website", "submitted_at"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "expected"), FORMS, ids=["de", "fr", "es", "it", "nl", "pt", "nested"])
def test_a_form_in_each_language_is_understood_by_its_names(payload: dict[str, Any], expected: list[str]):
    assert list(fields_of(payload).values()) == expected


def test_every_spelling_of_every_language_names_its_own_field():
    for field, said in spellings().items():
        assert field in FIELDS
        assert set(said) == set(LANGUAGES)
        for names in said.values():
            for name in names:
                assert likenesses(name)[field].score > 0.9, name


def test_a_list_of_labels_and_values_reads_like_an_object():
    listed = {"fields": [{"label": name, "value": value} for name, value in GERMAN.items()]}
    assert fields_of(listed) == fields_of(GERMAN)


def test_without_a_telling_name_the_value_alone_tells():
    found = proposed({"q2": "maya@acme.com", "q3": "+49 30 12345678", "q8": "https://acme.com/about"})
    assert {name: one.field for name, one in found.items()} == {"q2": "email", "q3": "phone", "q8": "website"}
    assert "its value is an e-mail address" in found["q2"].reason
    assert found["q2"].confidence < proposed({"email": "maya@acme.com"})["email"].confidence


def test_what_only_may_be_something_is_named_and_not_chosen():
    found = proposed({"email": "a@b.de", "q1": "Maya Ortiz", "q7": "blue"})
    assert (found["q1"].state, found["q1"].field) == ("unsure", None)
    assert [choice.field for choice in found["q1"].choices] == ["full_name"]
    assert (found["q7"].state, found["q7"].choices) == ("kept", ())


def test_two_plausible_answers_are_both_named_and_neither_is_chosen():
    found = proposed({"nombre": "María López", "correo": "m@x.es"})["nombre"]
    assert (found.state, found.field) == ("unsure", None)
    assert {choice.field for choice in found.choices[:2]} == {"full_name", "first_name"}
    assert "choose" in found.reason


def test_a_name_that_may_be_two_things_is_settled_by_the_one_beside_it():
    assert fields_of({"nombre": "María", "apellidos": "López"}) == {"nombre": "first_name", "apellidos": "last_name"}


def test_two_values_that_are_as_good_as_each_other_are_left_to_the_admin():
    found = proposed({"email": "a@x.com", "work_email": "b@x.com"})
    assert {one.state for one in found.values()} == {"unsure"}
    assert all("'email' and 'work_email' may both be email" in one.reason for one in found.values())


def test_of_two_values_the_clearly_better_one_is_proposed():
    found = proposed({"email": "a@x.com", "q9": "b@x.com"})
    assert (found["email"].field, found["q9"].field) == ("email", None)
    assert "'email' is more like it" in found["q9"].reason


def test_a_value_that_contradicts_its_name_lowers_the_confidence_and_says_so():
    found = proposed({"email": "tomorrow", "phone": "+49 30 12345678"})["email"]
    assert found.field is None
    assert found.confidence < 0.3


def test_what_tells_of_the_page_is_never_the_persons():
    page = {
        "page_url": "https://acme.de/x",
        "referrer": "https://g.co",
        "ip": "10.0.0.1",
        "utm_campaign": "q3",
        "gclid": "abc",
    }
    assert set(fields_of(page).values()) == {None}
    assert {one.state for one in proposed(page).values()} == {"kept"}


def test_a_box_whose_value_is_its_wording_is_consent_with_that_wording():
    flat = flatten({"E-Mail": "a@b.de", "Newsletter": "Ich stimme zu, per E-Mail kontaktiert zu werden."})
    one = propose(flat)[1]
    assert (one.field, one.values) == ("consent", (("Ich stimme zu, per E-Mail kontaktiert zu werden.", True),))
    mapping = proposed_mapping(flat)
    assert mapping is not None
    assert mapping.fields["consent_text"].constant == "Ich stimme zu, per E-Mail kontaktiert zu werden."


def test_hostile_names_and_values_are_data():
    hostile = {
        "<script>alert(1)</script>": "x' OR 1=1",
        "__class__": "{{7*7}}",
        "a" * 5000: "\u202e",
        "": "y",
        "e" * 300: "\x00",
    }
    for one in propose(flatten(hostile)):
        assert one.field is None


def test_a_proposal_without_a_way_to_reach_anybody_is_no_mapping():
    assert proposed_mapping(flatten({"colour": "blue"})) is None


def test_choices_become_a_mapping_and_several_texts_one_message():
    flat = flatten({"mail": "a@b.de", "need": "Tracing", "when": "Soon", "mail2": "c@d.de"})
    mapping = from_choices(flat, {"mail": "email", "mail2": "email", "need": "message", "when": "message"}, "webinar")
    assert mapping.as_json() == {
        "fields": {"email": {"pick": ["mail", "mail2"]}, "message": {"join": ["need", "when"], "between": "\n"}},
        "source": "webinar",
    }


def test_what_the_page_cannot_say_survives_a_change_on_the_page():
    flat = flatten({"mail": "a@b.de", "ok": "Jep"})
    base = read_mapping(
        {"fields": {"email": {"pick": "mail"}, "consent": {"pick": "ok", "values": {"Jep": True}},
                    "product": {"constant": "tracing"}, "phone": {"pick": "Handy"}}}
    )  # fmt: skip
    made = from_choices(flat, {"mail": "email", "ok": "consent"})
    assert over(base, made, flat).as_json() == base.as_json()
    without = over(base, from_choices(flat, {"mail": "email"}), flat)
    assert without.fields.keys() == {"email", "product", "phone"}


@pytest.mark.parametrize(
    ("held", "where"),
    [
        ({"fields": {}}, "the mapping"),
        ({"fields": {"company": {"pick": "x"}}}, "the mapping"),
        ({"fields": {"email": {}}}, "fields.email"),
        ({"fields": {"email": {"pick": "a", "join": ["b"]}}}, "fields.email"),
        ({"fields": {"email": {"split": "a"}}}, "fields.email"),
        ({"fields": {"owner": {"pick": "a"}, "email": {"pick": "b"}}}, "fields"),
        ({"fields": {"email": {"pick": "a", "code": "import os"}}}, "fields.email.code"),
        ({"fields": {"email": {"pick": []}}}, "fields.email.pick"),
        ({"fields": {"email": {"pick": "a\x00"}}}, "fields.email.pick.0"),
        ("{", "the mapping"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused_with_the_place(held: Any, where: str):
    with pytest.raises(BadMapping) as refused:
        read_mapping(held)
    assert refused.value.problems[0][0] == where
