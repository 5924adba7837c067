"""The JSON Schema of the routing file, by which editors complete and check it while it is typed.

It knows every key and the form of every value; what a name refers to, and what fits together, the parser checks.
"""

from __future__ import annotations

import json
from typing import Final, get_args

from graph.domain.scoring import Tier
from graph.domain.table import PRECEDENCE, Clock
from graph.domain.working import OffHours
from tools.routing_file.parser import SECTIONS, SETTINGS
from tools.routing_file.schema_forms import (
    CAP,
    CAPITAL,
    DAY,
    EMAIL,
    HOURS,
    NAME,
    N,
    Schema,
    choice,
    list_of,
    named,
    object_of,
    or_null,
    some,
    text,
    whole,
)


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
                **text(),
            },
            **{key: _TOP[key] for key in SETTINGS},
        },
        "patternProperties": {
            CAPITAL: text(
                "Who gets the leads of this place: a person, an e-mail address or pool:name. The most specific place wins."
            )
        },
        "additionalProperties": False,
        "$defs": {"condition": _CONDITION, "segment": _SEGMENT},
    }


_RANGE: Final[Schema] = {"type": "string", "pattern": rf"^\s*((>=|<=|>|<)\s*{N}|{N}(\s*\.\.\s*{N})?)\s*$"}
_COUNT: Final[Schema] = {"type": "number", "minimum": 0}
_DURATION: Final = r"^(?=[0-9])([0-9]{1,4}d)?([0-9]{1,4}h)?([0-9]{1,4}m)?([0-9]{1,4}s)?$"
_SHARE: Final = r"^(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)\s*%$"
_FROM: Final = text("The first day, in the file's time zone: 2026-02-01.", f"^{DAY}$")
_UNTIL: Final = text("The last day, included.", f"^{DAY}$")
_WHY: Final = text("The reason, for people: shown with every decision.")
_OWNER: Final = text("A person or an e-mail address.")
_SLA_NAME: Final = text("The name of one of the slas.")
_HOLIDAY: Final = f"^({DAY}|[A-Z]{{2,3}}(-[A-Z0-9]{{1,3}})?)$"
_HOLIDAYS: Final = some(
    "Public holidays by ISO country or subdivision (DE, DE-BY), or single days.", text(None, _HOLIDAY)
)
_LEAVE: Final = object_of(
    "Days away, and who takes the leads meanwhile.",
    {"from": _FROM, "until": _UNTIL, "cover": _OWNER},
    ("from", "until"),
)

_FACTS: Final[dict[str, Schema]] = {
    "where": some("Places: US, US-CA, US-NY:100-104, or the name of a region.", text()),
    "segment": some("Segments of this file.", text()),
    "industry": some("Industries, as enrichment names them.", text()),
    "source": some("Where the lead came from.", text()),
    "employees": some("Head-count, of the ultimate parent where it is known: >=1000, 200..999, <200.", _RANGE, _COUNT),
    "revenue": some("Revenue in US dollars: >=1000000, 200..999.", _RANGE, _COUNT),
    "product": some("Products of interest.", text()),
    "score": some(
        "From 0 to 1, which is the score that people see divided by 100: >=0.8.",
        _RANGE,
        {"type": "number", "minimum": 0, "maximum": 1},
    ),
    "tier": some("How good a lead is.", {"enum": list(get_args(Tier))}),
    "any": list_of("Conditions of which one must hold.", {"$ref": "#/$defs/condition", "minProperties": 1}),
    "not": {"description": "A condition that must not hold.", "$ref": "#/$defs/condition", "minProperties": 1},
}
_CONDITION: Final = object_of("All keys must hold; of a list, one item. What is unknown matches nothing.", _FACTS)
_SEGMENT: Final = object_of(
    "A condition with a name.", {key: value for key, value in _FACTS.items() if key != "segment"}, minProperties=1
)
_WHEN: Final[Schema] = {"$ref": "#/$defs/condition"}

_PERSON: Final = object_of(
    "A person who can get leads.",
    {
        "email": text("Where their leads go.", f"^{EMAIL}$"),
        "slack": text("Their member id in Slack."),
        "manager": _OWNER,
        "active": {"description": "false for somebody who is gone.", "type": "boolean"},
        "hours": text("When they work: mon-fri 09:00-18:00 Europe/Berlin; sat 10:00-14:00, or always.", HOURS),
        "holidays": _HOLIDAYS,
        "ooo": list_of("Leave.", _LEAVE, least=0),
        "max_open": whole("How many open leads pools may give them at once.", 0, 1_000_000),
    },
    ("email",),
)
_WEIGHT: Final = whole("The share of the turns, compared with the others.", 0, 1000)
_MEMBER: Final = object_of("A member for some days.", {"weight": _WEIGHT, "from": _FROM, "until": _UNTIL})
_POOL: Final = object_of(
    "People who take turns.",
    {
        "members": {
            "description": "Who takes turns, in which shares. The order breaks ties.",
            "anyOf": [
                {"type": "array", "minItems": 1, "items": text()},
                {"type": "object", "minProperties": 1, "additionalProperties": {"anyOf": [_WEIGHT, _MEMBER]}},
            ],
        },
        "if_none": text("Who gets the lead when nobody may take a turn: a person, an e-mail address or pool:name."),
        "cap": some("The most that each member gets: 8/day, 30/week, 40/open.", text(None, CAP)),
        "off_hours": choice("While nobody works: next (whoever works next) or hold (it waits).", get_args(OffHours)),
        "holidays": _HOLIDAYS,
        "channel": text("Id of the Slack channel that hears of their hot leads; else SLACK_TEAM_CHANNEL."),
    },
    ("members",),
)
_ACCOUNT: Final = object_of(
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
_SLA: Final = object_of(
    "How fast an owner must answer.",
    {
        "accept": text("Time to accept: 30s, 5m, 4h, 2d, 1h30m.", _DURATION),
        "touch": text("Time to the first touch.", _DURATION),
        "clock": choice("business runs while the owner works, wall always.", get_args(Clock)),
        "remind": text("The share of accept after which the owner is reminded: 50%.", _SHARE),
        "then": list_of("Who is asked next when time runs out: next, manager, DEFAULT, or a person.", text()),
    },
    anyOf=[{"required": ["accept"]}, {"required": ["touch"]}],
)
_RULE: Final = object_of(
    "One rule. The first that matches wins.",
    {
        "id": text("The name of the rule, for ever.", NAME),
        "if": _WHEN,
        "to": text("Who gets the lead: a person, an e-mail address or pool:name."),
        "sla": _SLA_NAME,
        "why": _WHY,
        "from": _FROM,
        "until": _UNTIL,
    },
    ("id", "to"),
)
_LEAD: Final = object_of(
    "A lead as it would come in. null is unknown.",
    {
        **{
            key: or_null(text(told))
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
        "family": or_null(list_of("Domains of companies under the same parent.", text())),
        "employees": or_null(whole("Head-count.", 0, 10**15)),
        "revenue": or_null(whole("Revenue in US dollars.", 0, 10**15)),
        "score": or_null({"description": "From 0 to 1.", "type": "number", "minimum": 0, "maximum": 1}),
        "tier": or_null(choice("How good the lead is.", get_args(Tier))),
    },
)
_TEST: Final = object_of(
    "Run on every check, with a frozen clock.",
    {
        "name": text("What it promises."),
        "lead": _LEAD,
        "at": text("The time, with a zone or in the file's: 2026-03-10T15:00:00Z.", rf"^{DAY}"),
        "repeat": whole("How many such leads, one after the other.", 1, 1000),
        "expect": object_of(
            "What must come out. null expects that there is none.",
            {
                "owner": _OWNER,
                "pool": or_null(text("The pool.")),
                "by": text("What decided: rules.us-smb, map.UK, accounts.acme.com."),
                "sla": or_null(text("The SLA.")),
                "nurture": or_null(text("The sequence.")),
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
    "$schema": text("The schema by which editors check this file."),
    "version": whole("A number of your own.", 1, 1_000_000_000),
    "timezone": text("Whose days dates mean: an IANA name as America/New_York. UTC without it."),
    "regions": named(
        "Places under one name, which may stand in other regions.",
        {"anyOf": [text(None, r"^\s*@.+\.csv\s*$"), {"type": "array", "minItems": 1, "items": text()}]},
        "^[^a-z:]*[^a-z:\\s][^a-z:]*$",
    ),
    "segments": named("Sizes and kinds of companies under a name.", {"$ref": "#/$defs/segment"}),
    "people": named("Who can get leads, by a short name.", _PERSON),
    "pools": named("Who takes turns.", _POOL),
    "accounts": named("Named accounts by domain.", _ACCOUNT, r"\."),
    "precedence": list_of("What is asked first.", {"enum": list(PRECEDENCE)}),
    "account_owner": object_of(
        "What the owner of an account in the CRM means.",
        {"if_inactive": choice("Where to go on when that owner is gone.", PRECEDENCE)},
    ),
    "slas": named("How fast an owner must answer, by name.", _SLA),
    "rules": list_of("Asked in order; the first that matches wins.", _RULE, least=0),
    "default_sla": _SLA_NAME,
    "nurture": object_of(
        "Which leads get a sequence of mails instead of an alert.",
        {
            "if": {**_WHEN, "minProperties": 1},
            "unless": {**_WHEN, "minProperties": 1},
            "sequence": text("The name of the sequence.", NAME),
        },
        ("if", "sequence"),
    ),
    "guards": object_of(
        "What an edit may do at most.",
        {
            "max_default_share": text("Share of leads that may go to DEFAULT: 5%.", _SHARE),
            "max_moved": text("Share of leads that may get another owner: 20%.", _SHARE),
            "approvals": {
                "description": "How many people must approve a change of a section.",
                "type": "object",
                "propertyNames": {"enum": list(SECTIONS)},
                "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 100},
            },
        },
    ),
    "tests": list_of("Promises that are checked on every edit.", _TEST, least=0),
    "tests_at": text("The time of tests that name none: 2026-01-14T15:00:00Z.", rf"^{DAY}"),
    "aliases": {
        "description": "What people type, and what it means.",
        "type": "object",
        "additionalProperties": {"type": "object", "additionalProperties": text()},
    },
}
