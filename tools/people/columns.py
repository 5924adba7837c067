"""Which column of somebody's table means what: by common header names in a few languages, or as `--map` says. Said aloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graph.rules.text import fold
from tools.ml.table.reading import Table, TableError

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "recordid", "leadid", "contactid", "personid", "customerid", "kundennummer", "key", "uid"),
    "full_name": ("fullname", "name", "contactname", "contact", "person", "ansprechpartner", "nom complet", "nombre completo"),
    "first_name": ("firstname", "first", "givenname", "forename", "vorname", "prenom", "nombre", "fname"),
    "last_name": ("lastname", "last", "surname", "familyname", "nachname", "name2", "nom", "apellido", "apellidos", "lname"),
    "email": ("email", "emailaddress", "mail", "mailaddress", "workemail", "correo", "courriel", "emailadresse"),
    "phone": ("phone", "phonenumber", "telephone", "tel", "mobile", "mobilephone", "telefon", "handy", "telefono", "workphone"),
    "company": ("company", "companyname", "organization", "organisation", "employer", "account", "accountname", "firma",
                "unternehmen", "entreprise", "empresa", "societe"),
    "domain": ("domain", "website", "companydomain", "url", "web", "webseite", "site"),
    "country": ("country", "countrycode", "land", "pays", "pais", "nation"),
}  # fmt: skip
_KNOWN = {fold(name): meaning for meaning, names in FIELDS.items() for name in names}


@dataclass(frozen=True, slots=True)
class Meaning:
    """columns: the file's column by field; said: one sentence for people; unused: columns that nothing was taken from."""

    columns: dict[str, str]
    said: str
    unused: tuple[str, ...]


def meaning_of(table: Table, mapped: Mapping[str, str]) -> Meaning:
    """mapped: field -> column, as a person said it; it goes before what the headers say. Raises TableError for a field or
    column that does not exist, and for a table in which nothing tells people apart."""
    found: dict[str, str] = {}
    for field, column in mapped.items():
        if field not in FIELDS:
            raise TableError(f"--map {field}={column}: {field} is no field; fields are {', '.join(FIELDS)}")
        found[field] = table.column(column, f"--map {field}={column}")
    taken = set(found.values())
    for column in table.names:
        field = _KNOWN.get(fold(column), "")
        if field and field not in found and column not in taken:
            found[field] = column
            taken.add(column)
    _enough(table, found)
    said = "; ".join(f"{field} is {column}" for field, column in sorted(found.items()))
    return Meaning(found, said, tuple(column for column in table.names if column not in taken))


def mapped(given: Sequence[str]) -> dict[str, str]:
    """`first_name=Vorname` as a pair. Raises TableError."""
    found: dict[str, str] = {}
    for text in given:
        field, equals, column = text.partition("=")
        if not equals or not field or not column:
            raise TableError(f"--map {text}: expected FIELD=COLUMN, as in first_name=Vorname")
        found[field.strip()] = column.strip()
    return found


def _enough(table: Table, found: Mapping[str, str]) -> None:
    shown = ", ".join(_some(table.names))
    if not {"full_name", "last_name"} & found.keys():
        raise TableError(
            f"{table.path}: no column with names of people was recognised; say which it is with --map full_name=COLUMN, or "
            f"--map first_name=COLUMN last_name=COLUMN. The file has: {shown}"
        )
    if not {"email", "phone", "company", "domain"} & found.keys():
        raise TableError(
            f"{table.path}: a name alone proves nothing; say with --map which column is the email, phone, company or domain. "
            f"The file has: {shown}"
        )


def _some(names: Sequence[str]) -> list[str]:
    return [*names[:12], "..."] if len(names) > 12 else list(names)
