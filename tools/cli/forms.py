"""`app.py forms`: the form vendors, what a payload of theirs becomes, and mappings by example. Writes nothing but a mapping that
is saved."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.cli import forms_map

if TYPE_CHECKING:  # `app.py --help` reads no settings
    from tools.settings import Settings


def add(parser: argparse.ArgumentParser) -> None:
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    what.add_parser("list", help="vendors, their URLs, and whether their secrets are set")
    trying = what.add_parser("try", help="the lead that a payload becomes, writing nothing")
    trying.add_argument("vendor", help="a name of the list: typeform, hubspot, ...")
    trying.add_argument(
        "file",
        type=Path,
        help="the payload: .json, .form (name=value pairs) or .multipart; - reads JSON or pairs from standard input",
    )
    forms_map.add(what.add_parser("map", help="what each value of any payload is, and a mapping that is saved as data"))


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.web.answers import Refused

    if arguments.what == "map":
        return forms_map.run(arguments, settings)
    try:
        return listed(settings) if arguments.what == "list" else tried(arguments.vendor, arguments.file)
    except Refused as refused:
        print(f"{refused.status} {refused.code}: {refused.message}", file=sys.stderr)
    except (OSError, ValueError) as error:
        print(f"forms: {error}", file=sys.stderr)
    return 2


def listed(settings: Settings) -> int:
    from tools.web.forms.registry import accesses, place_of, vendors

    known = accesses(settings)
    print(f"{'vendor':11} {'state':26} page of its admin; every URL is {settings.base_url}/webhooks/forms/VENDOR")
    for name, vendor in vendors().items():
        access = known[name]
        if access.secrets:
            state = "ready" if vendor.fetch is None or access.token else "no token in FORM_TOKENS"
        else:
            state = "open" if vendor.open or access.open else "no secret in FORM_SECRETS"
        print(f"{name:11} {state:26} {place_of(vendor)}")
    return 0


def tried(name: str, file: Path) -> int:
    from tools.web.forms.reading import payload_of
    from tools.web.forms.registry import sample_body, vendors

    vendor = vendors().get(name)
    if vendor is None:
        raise ValueError(f"there is no form vendor {name!r}; there are {', '.join(vendors())}")
    raw, kind = (sys.stdin.buffer.read(), "") if str(file) == "-" else sample_body(file)
    for item in items_of(vendor, payload_of(raw, kind, vendor.bodies)):
        _tell(vendor, item)
    return 0


def items_of(vendor: Any, payload: dict[str, Any]) -> list[Any]:
    """Of a vendor that only names its leads the file may also be what its API answers."""
    from tools.web.answers import Refused

    try:
        return list(vendor.read(payload))
    except Refused:
        if vendor.complete is None:
            raise
        return [vendor.complete(payload)]


def _tell(vendor: Any, item: Any) -> None:
    import orjson

    from tools.web.forms.normal import lead_form
    from tools.web.forms.vendor import Delivery, GivenUp, Ignored
    from tools.web.intake import to_form

    if isinstance(item, Delivery):
        given = lead_form(vendor, item)
        shown = {name: value for name, value in to_form(given).__dict__.items() if value not in (None, {})}
        if given.event_id:
            shown["event_id"] = given.event_id
        print(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
        if item.meeting is not None:
            print(f"and a meeting, booked {item.meeting.at.isoformat()}")
    elif isinstance(item, Ignored):
        print(f"ignored: {item.reason}")
    elif isinstance(item, GivenUp):
        print(f"a meeting that does not count any more: {item.meeting.cancelled}")
    else:
        print(f"names the lead {item.key}: its fields are fetched from {vendor.api_url} with the token in FORM_TOKENS")
