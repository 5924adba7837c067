"""The JSON Schema of the routing file, by which editors complete and check it while it is typed.

It knows every key and the form of every value; what a name refers to, and what fits together, the parser checks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeAlias, get_args

from graph.domain.scoring import Tier
from graph.domain.table import PRECEDENCE, Clock
from graph.domain.working import OffHours
from tools.routing_file.parser import SETTINGS

Schema: TypeAlias = dict[str, Any]

_N: Final = r"[0-9]+(\.[0-9]+)?"
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_WEEKDAY: Final = "([Mm]on|[Tt]ue|[Ww]ed|[Tt]hu|[Ff]ri|[Ss]at|[Ss]un)"
_DAYS: Final = f"{_WEEKDAY}(-{_WEEKDAY})?(,{_WEEKDAY}(-{_WEEKDAY})?)*"
_HOURS_PART: Final = rf"{_DAYS}\s+[0-9]{{1,2}}:[0-5][0-9]-[0-9]{{1,2}}:[0-5][0-9](\s+[A-Za-z0-9_+/-]+)?"
_HOURS: Final = rf"^(always|{_HOURS_PART}(\s*;\s*{_HOURS_PART})*)$"
_CAP: Final = r"^[0-9]{1,6}\s*/\s*(day|week|open)$"
_EMAIL: Final = r'[^@\s<>,;"]+@[^@\s<>,;"]+\.[^@\s<>,;".]+'
_CAPITAL: Final = "^[^a-z]*[A-Z][^a-z]*$"
_NAME: Final = "^[A-Za-z0-9][A-Za-z0-9_-]*$"
_WORDS: Final = r"\S"


def schema_text() -> str:
    """The schema as it stands in infra/routing.schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Who gets a lead, and why",
        "description": "A capital key is a place and says who gets its leads; a small key is a setting.",
        "allowComments": True,
        "allowTrailingCommas": True,
        "type": "object",
        "required": ["DEFAULT"],
        "properties": {
            "DEFAULT": {
                "description": "Who gets every lead that nobody else gets: a person or an e-mail address.",
                **_text(),
            },
            **{key: _TOP[key] for key in SETTINGS},
        },
        "patternProperties": {
            _CAPITAL: _text(
                "Who gets the leads of this place: a person, an e-mail address or pool:name. The most specific place wins."
            )
        },
        "additionalProperties": False,
        "$defs": {"condition": _CONDITION, "segment": _SEGMENT},
    }


def _text(description: str | None = None, pattern: str = _WORDS, **more: Any) -> Schema:
    told = {} if description is None else {"description": description}
    return {**told, "type": "string", "pattern": pattern, **more}


def _object(description: str, properties: Mapping[str, Schema], required: tuple[str, ...] = (), **more: Any) -> Schema:
    found: Schema = {"description": description, "type": "object", "properties": dict(properties)}
    if required:
        found["required"] = list(required)
    return {**found, "additionalProperties": False, **more}


def _named(description: str, value: Schema, names: str = _NAME) -> Schema:
    """An object whose keys are names that the file makes."""
    return {
        "description": description,
        "type": "object",
        "propertyNames": {"pattern": names},
        "additionalProperties": value,
    }


def _list(description: str, item: Schema, least: int = 1) -> Schema:
    return {"description": description, "type": "array", "items": item, **({"minItems": least} if least else {})}


def _some(description: str, *items: Schema) -> Schema:
    """One value, or a list of them of which one holds."""
    item = items[0] if len(items) == 1 else {"anyOf": list(items)}
    return {"description": description, "anyOf": [*items, {"type": "array", "minItems": 1, "items": item}]}


def _whole(description: str, low: int, high: int) -> Schema:
    return {"description": description, "type": "integer", "minimum": low, "maximum": high}


def _choice(description: str, values: tuple[str, ...]) -> Schema:
    return {"description": description, "enum": list(values)}


def _or_null(schema: Schema) -> Schema:
    return {
        "description": schema["description"],
        "anyOf": [{k: v for k, v in schema.items() if k != "description"}, {"type": "null"}],
    }


_RANGE: Final[Schema] = {"type": "string", "pattern": rf"^\s*((>=|<=|>|<)\s*{_N}|{_N}(\s*\.\.\s*{_N})?)\s*$"}
_COUNT: Final[Schema] = {"type": "number", "minimum": 0}
_DURATION: Final = r"^(?=[0-9])([0-9]{1,4}d)?([0-9]{1,4}h)?([0-9]{1,4}m)?([0-9]{1,4}s)?$"
_SHARE: Final = r"^(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)\s*%$"
_FROM: Final = _text("The first day, in the file's time zone: 2026-02-01.", f"^{_DAY}$")
_UNTIL: Final = _text("The last day, included.", f"^{_DAY}$")
_WHY: Final = _text("The reason, for people: shown with every decision.")
_OWNER: Final = _text("A person or an e-mail address.")
_SLA_NAME: Final = _text("The name of one of the slas.")
_HOLIDAY: Final = f"^({_DAY}|[A-Z]{{2,3}}(-[A-Z0-9]{{1,3}})?)$"
_HOLIDAYS: Final = _some(
    "Public holidays by ISO country or subdivision (DE, DE-BY), or single days.", _text(None, _HOLIDAY)
)
_LEAVE: Final = _object(
    "Days away, and who takes the leads meanwhile.",
    {"from": _FROM, "until": _UNTIL, "cover": _OWNER},
    ("from", "until"),
)

_FACTS: Final[dict[str, Schema]] = {
    "where": _some("Places: US, US-CA, US-NY:100-104, or the name of a region.", _text()),
    "segment": _some("Segments of this file.", _text()),
    "industry": _some("Industries, as enrichment names them.", _text()),
    "source": _some("Where the lead came from.", _text()),
    "employees": _some("Head-count, of the ultimate parent where it is known: >=1000, 200..999, <200.", _RANGE, _COUNT),
    "revenue": _some("Revenue in US dollars: >=1000000, 200..999.", _RANGE, _COUNT),
    "product": _some("Products of interest.", _text()),
    "score": _some(
        "From 0 to 1, which is the score that people see divided by 100: >=0.8.",
        _RANGE,
        {"type": "number", "minimum": 0, "maximum": 1},
    ),
    "tier": _some("How good a lead is.", {"enum": list(get_args(Tier))}),
    "any": _list("Conditions of which one must hold.", {"$ref": "#/$defs/condition", "minProperties": 1}),
    "not": {"description": "A condition that must not hold.", "$ref": "#/$defs/condition", "minProperties": 1},
}
_CONDITION: Final = _object("All keys must hold; of a list, one item. What is unknown matches nothing.", _FACTS)
_SEGMENT: Final = _object(
    "A condition with a name.", {key: value for key, value in _FACTS.items() if key != "segment"}, minProperties=1
)
_WHEN: Final[Schema] = {"$ref": "#/$defs/condition"}

_PERSON: Final = _object(
    "A person who can get leads.",
    {
        "email": _text("Where their leads go.", f"^{_EMAIL}$"),
        "slack": _text("Their member id in Slack."),
        "manager": _OWNER,
        "active": {"description": "false for somebody who is gone.", "type": "boolean"},
        "hours": _text("When they work: mon-fri 09:00-18:00 Europe/Berlin; sat 10:00-14:00, or always.", _HOURS),
        "holidays": _HOLIDAYS,
        "ooo": _list("Leave.", _LEAVE, least=0),
        "max_open": _whole("How many open leads pools may give them at once.", 0, 1_000_000),
    },
    ("email",),
)
_WEIGHT: Final = _whole("The share of the turns, compared with the others.", 0, 1000)
_MEMBER: Final = _object("A member for some days.", {"weight": _WEIGHT, "from": _FROM, "until": _UNTIL})
_POOL: Final = _object(
    "People who take turns.",
    {
        "members": {
            "description": "Who takes turns, in which shares. The order breaks ties.",
            "anyOf": [
                {"type": "array", "minItems": 1, "items": _text()},
                {"type": "object", "minProperties": 1, "additionalProperties": {"anyOf": [_WEIGHT, _MEMBER]}},
            ],
        },
        "if_none": _text("Who gets the lead when nobody may take a turn: a person, an e-mail address or pool:name."),
        "cap": _some("The most that each member gets: 8/day, 30/week, 40/open.", _text(None, _CAP)),
        "off_hours": _choice("While nobody works: next (whoever works next) or hold (it waits).", get_args(OffHours)),
        "holidays": _HOLIDAYS,
    },
    ("members",),
)
_ACCOUNT: Final = _object(
    "A named account.",
    {
        "owner": _OWNER,
        "family": {"description": "Every company under the same parent too.", "type": "boolean"},
        "why": _WHY,
        "from": _FROM,
        "until": _UNTIL,
    },
    ("owner",),
)
_SLA: Final = _object(
    "How fast an owner must answer.",
    {
        "accept": _text("Time to accept: 30s, 5m, 4h, 2d, 1h30m.", _DURATION),
        "touch": _text("Time to the first touch.", _DURATION),
        "clock": _choice("business runs while the owner works, wall always.", get_args(Clock)),
        "remind": _text("The share of accept after which the owner is reminded: 50%.", _SHARE),
        "then": _list("Who is asked next when time runs out: next, manager, DEFAULT, or a person.", _text()),
    },
    anyOf=[{"required": ["accept"]}, {"required": ["touch"]}],
)
_RULE: Final = _object(
    "One rule. The first that matches wins.",
    {
        "id": _text("The name of the rule, for ever.", _NAME),
        "if": _WHEN,
        "to": _text("Who gets the lead: a person, an e-mail address or pool:name."),
        "sla": _SLA_NAME,
        "why": _WHY,
        "from": _FROM,
        "until": _UNTIL,
    },
    ("id", "to"),
)
_LEAD: Final = _object(
    "A lead as it would come in. null is unknown.",
    {
        **{
            key: _or_null(_text(told))
            for key, told in {
                "email": "Their e-mail address.",
                "domain": "The company's domain.",
                "country": "ISO code of the country.",
                "state": "ISO code of the subdivision.",
                "postal": "The postal code, in quotes.",
                "industry": "The industry.",
                "source": "Where the lead came from.",
                "product": "The product of interest.",
                "opportunity_owner": "Who owns an open opportunity.",
                "account_owner": "Who owns the account.",
                "parent_owner": "Who owns the parent.",
            }.items()
        },
        "family": _or_null(_list("Domains of companies under the same parent.", _text())),
        "employees": _or_null(_whole("Head-count.", 0, 10**15)),
        "revenue": _or_null(_whole("Revenue in US dollars.", 0, 10**15)),
        "score": _or_null({"description": "From 0 to 1.", "type": "number", "minimum": 0, "maximum": 1}),
        "tier": _or_null(_choice("How good the lead is.", get_args(Tier))),
    },
)
_TEST: Final = _object(
    "Run on every check, with a frozen clock.",
    {
        "name": _text("What it promises."),
        "lead": _LEAD,
        "at": _text("The time, with a zone or in the file's: 2026-03-10T15:00:00Z.", rf"^{_DAY}"),
        "repeat": _whole("How many such leads, one after the other.", 1, 1000),
        "expect": _object(
            "What must come out. null expects that there is none.",
            {
                "owner": _OWNER,
                "pool": _or_null(_text("The pool.")),
                "by": _text("What decided: rules.us-smb, map.UK, accounts.acme.com."),
                "sla": _or_null(_text("The SLA.")),
                "nurture": _or_null(_text("The sequence.")),
                "owners": {
                    "description": "How many of the repeated leads each owner gets.",
                    "type": "object",
                    "additionalProperties": {"type": "integer", "minimum": 0},
                },
            },
            minProperties=1,
        ),
    },
    ("name", "lead", "expect"),
)
_TOP: Final[dict[str, Schema]] = {
    "$schema": _text("The schema by which editors check this file."),
    "version": _whole("A number of your own.", 1, 1_000_000_000),
    "timezone": _text("Whose days dates mean: an IANA name as America/New_York. UTC without it."),
    "regions": _named(
        "Places under one name, which may stand in other regions.",
        {"anyOf": [_text(None, r"^\s*@.+\.csv\s*$"), {"type": "array", "minItems": 1, "items": _text()}]},
        "^[^a-z:]*[^a-z:\\s][^a-z:]*$",
    ),
    "segments": _named("Sizes and kinds of companies under a name.", {"$ref": "#/$defs/segment"}),
    "people": _named("Who can get leads, by a short name.", _PERSON),
    "pools": _named("Who takes turns.", _POOL),
    "accounts": _named("Named accounts by domain.", _ACCOUNT, r"\."),
    "precedence": _list("What is asked first.", {"enum": list(PRECEDENCE)}),
    "account_owner": _object(
        "What the owner of an account in the CRM means.",
        {"if_inactive": _choice("Where to go on when that owner is gone.", PRECEDENCE)},
    ),
    "slas": _named("How fast an owner must answer, by name.", _SLA),
    "rules": _list("Asked in order; the first that matches wins.", _RULE, least=0),
    "default_sla": _SLA_NAME,
    "nurture": _object(
        "Which leads get a sequence of mails instead of an alert.",
        {
            "if": {**_WHEN, "minProperties": 1},
            "unless": {**_WHEN, "minProperties": 1},
            "sequence": _text("The name of the sequence.", _NAME),
        },
        ("if", "sequence"),
    ),
    "guards": _object(
        "What an edit may do at most.",
        {
            "max_default_share": _text("Share of leads that may go to DEFAULT: 5%.", _SHARE),
            "max_moved": _text("Share of leads that may get another owner: 20%.", _SHARE),
            "approvals": {
                "description": "How many people must approve a change of a section.",
                "type": "object",
                "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 100},
            },
        },
    ),
    "tests": _list("Promises that are checked on every edit.", _TEST, least=0),
    "tests_at": _text("The time of tests that name none: 2026-01-14T15:00:00Z.", rf"^{_DAY}"),
    "aliases": {
        "description": "What people type, and what it means.",
        "type": "object",
        "additionalProperties": {"type": "object", "additionalProperties": _text()},
    },
}
