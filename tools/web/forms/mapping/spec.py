"""A mapping as data: for each field of a lead where its value comes from and what is done with it. Nothing in it is code.

    {"fields": {
        "email":      {"pick": ["E-Mail-Adresse"]},
        "full_name":  {"join": ["Vorname", "Nachname"]},
        "first_name": {"split": "Name", "part": "first"},
        "consent":    {"pick": ["Einwilligung"], "values": {"Ja": true, "Nein": false}},
        "product":    {"constant": "tracing"}},
     "source": "webinar", "ignore": ["page_url"]}

`pick` takes the first that is not blank. Names are those of the flat payload (tools.web.forms.flattening). What no rule
uses and `ignore` does not name is kept with the lead under its own name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from tools.web.intake import LeadForm

FIELDS: Final = tuple(name for name in LeadForm.model_fields if name != "properties")
"""What a mapping may fill."""
MOST_NAMES, LONGEST_NAME, LONGEST_VALUE = 200, 200, 500
FORM_NAME: Final = r"^[a-z0-9][a-z0-9_-]{0,59}$"


class BadMapping(ValueError):
    """A mapping that cannot be used; the text names the place and the fix. problems: the same, one a field."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{where}: {what}" for where, what in problems))
        self.problems = problems


def _named(text: str) -> str:
    if "\x00" in text or not text.strip():
        raise ValueError("a name is text that is not blank")
    return text


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), BeforeValidator(_named)]
Names: TypeAlias = Annotated[list[Name], BeforeValidator(_one_or_more), Field(min_length=1, max_length=20)]
Text: TypeAlias = Annotated[str, Field(max_length=LONGEST_VALUE, pattern=r"^[^\x00]*$")]
Constant: TypeAlias = bool | Annotated[int, Field(ge=-(10**15), le=10**15)] | Text


class Rule(BaseModel):
    """One of pick, join, split, constant. values: what single values mean, compared without case and accents; others stay
    as they are, or are left out with `others: drop`."""

    model_config = ConfigDict(extra="forbid")

    pick: Names | None = None
    join: Names | None = None
    between: Annotated[str, Field(max_length=20, pattern=r"^[^\x00]*$")] = " "
    split: Name | None = None
    part: Literal["first", "last"] | None = None
    constant: Constant | None = None
    values: dict[Text, Constant] = Field(default_factory=dict, max_length=200)
    others: Literal["keep", "drop"] = "keep"

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [way for way in ("pick", "join", "split", "constant") if getattr(self, way) is not None]
        if len(ways) != 1:
            raise ValueError("give exactly one of pick, join, split, constant")
        if (self.split is None) != (self.part is None):
            raise ValueError("split goes with part: first or last")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Of the payload, which this rule reads."""
        return tuple(self.pick or self.join or ([self.split] if self.split else ()))


class Mapping(BaseModel):
    """source: of every lead of this form, over what it says itself; ignore: names that are not kept."""

    model_config = ConfigDict(extra="forbid")

    fields: dict[str, Rule] = Field(max_length=len(FIELDS))
    source: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] | None = None
    ignore: list[Name] = Field(default_factory=list, max_length=MOST_NAMES)

    @field_validator("fields")
    @classmethod
    def _are_ours(cls, fields: dict[str, Rule]) -> dict[str, Rule]:
        for name in fields:
            if name not in FIELDS:
                raise ValueError(f"{name[:60]!r} is no field of a lead; there are {', '.join(FIELDS)}")
        return fields

    @model_validator(mode="after")
    def _reaches_somebody(self) -> Self:
        if not {"email", "phone"} & self.fields.keys():
            raise ValueError("say which value is the email or the phone: a lead without both cannot be reached")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every name of the payload that a rule reads."""
        return tuple(dict.fromkeys(name for rule in self.fields.values() for name in rule.names))

    def as_json(self) -> dict[str, Any]:
        """What was said, without what goes without saying."""
        return self.model_dump(exclude_defaults=True) | {
            "fields": {name: rule.model_dump(exclude_defaults=True) for name, rule in self.fields.items()}
        }


def read_mapping(held: Any) -> Mapping:
    """From JSON, as bytes or decoded. Raises BadMapping."""
    try:
        if isinstance(held, bytes | str):
            return Mapping.model_validate_json(held)
        return Mapping.model_validate(held)
    except ValidationError as error:
        raise BadMapping(tuple(problems(error))) from None


def problems(error: ValidationError) -> Iterator[tuple[str, str]]:
    """(place, what is wrong there), without a value."""
    for found in error.errors(include_url=False, include_input=False)[:20]:
        where = ".".join(str(part) for part in found["loc"] if part != "bool")[:120] or "the mapping"
        yield where, found["msg"].removeprefix("Value error, ")
