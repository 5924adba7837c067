"""What is each value of a form's payload, and the mapping that makes leads of it.

    app.py forms map FILE                          what each value is taken for, and the lead that would result
    app.py forms map FILE --as phone=Handy --as message=Frage,Wunsch    said by a person, over the proposal
    app.py forms map FILE --mapping M.json         the lead that a mapping makes of the payload
    app.py forms map FILE --name webinar --save    saves the mapping; the first time its secret is printed, once

FILE holds a payload as the form sends it (JSON of any shape, or form-encoded); - reads standard input.
Exit codes: 0 done, 1 the payload cannot become a lead, 2 could not be tried."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.clock import utc_now

if TYPE_CHECKING:
    from tools.settings import Settings
    from tools.web.forms.flattening import Flat
    from tools.web.forms.mapping.desk import Preview, Saved
    from tools.web.forms.mapping.spec import Mapping

NO_LEAD, NOTHING = 1, 2


def add(parser: argparse.ArgumentParser) -> None:
    parser.description, parser.formatter_class = __doc__, argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, help="a payload; - reads standard input")
    parser.add_argument("--name", default="", help="of the form, as it stands in its address")
    parser.add_argument(
        "--as",
        dest="said",
        action="append",
        default=[],
        metavar="FIELD=NAME[,NAME]",
        help="what a value is; blank: none",
    )
    parser.add_argument("--source", default="", help="the source of every lead of this form")
    parser.add_argument("--ignore", action="append", default=[], metavar="NAME", help="a value that is not kept")
    parser.add_argument("--mapping", type=Path, help="a mapping as JSON, instead of the proposal")
    parser.add_argument("--save", action="store_true", help="save it under --name; it is in use at once")
    parser.add_argument("--by", default="command line", help="who says so")
    parser.add_argument("--note", default="", help="what changed")
    parser.add_argument("--json", action="store_true", help="proposal, mapping and lead as JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Prints; says what was wrong on standard error."""
    from tools.store.form_mappings import Stale
    from tools.web.answers import Refused
    from tools.web.forms.mapping.desk import NotPossible
    from tools.web.forms.mapping.payloads import PASTED, flat_payload
    from tools.web.forms.mapping.spec import BadMapping

    try:
        raw = sys.stdin.buffer.read() if str(arguments.file) == "-" else arguments.file.read_bytes()
        flat = flat_payload(raw, PASTED)
        return _mapped(arguments, settings, flat)
    except OSError as error:
        return _refused(f"{error.filename}: {error.strerror}")
    except Refused as refused:
        return _refused(refused.message)
    except (BadMapping, NotPossible, Stale) as error:
        return _refused(str(error))


def _mapped(arguments: argparse.Namespace, settings: Settings, flat: Flat) -> int:
    import re
    from datetime import UTC, datetime

    from tools.web.forms.mapping.desk import preview
    from tools.web.forms.mapping.spec import FORM_NAME

    if arguments.save and re.fullmatch(FORM_NAME, arguments.name) is None:
        return _refused("--save needs a --name of small letters, digits, - and _")
    mapping = _mapping(arguments, flat)
    shown = preview(mapping, flat, datetime.now(UTC))
    saved = _save(arguments, settings, mapping) if arguments.save else None
    if arguments.json:
        _print_json(flat, mapping, shown, saved)
    else:
        _print(arguments, flat, mapping, shown, saved)
    return NO_LEAD if shown.problem else 0


def _mapping(arguments: argparse.Namespace, flat: Flat) -> Mapping:
    from tools.web.forms.mapping.choosing import from_choices
    from tools.web.forms.mapping.proposing import propose
    from tools.web.forms.mapping.spec import FIELDS, BadMapping, read_mapping

    if arguments.mapping is not None:
        return read_mapping(arguments.mapping.read_bytes())
    chosen = {one.name: one.field for one in propose(flat) if one.state == "proposed" and one.field}
    for said in arguments.said:
        field, _, names = said.partition("=")
        if field not in FIELDS:
            raise BadMapping((("--as", f"{field!r} is no field of a lead; there are {', '.join(FIELDS)}"),))
        named = [name for name in names.split(",") if name]
        if unknown := [name for name in named if name not in flat]:
            raise BadMapping((("--as", f"the payload has no value {unknown[0]!r}; it has {', '.join(flat)}"),))
        chosen = {name: held for name, held in chosen.items() if held != field} | dict.fromkeys(named, field)
    return from_choices(flat, chosen, arguments.source, tuple(arguments.ignore))


def _save(arguments: argparse.Namespace, settings: Settings, mapping: Mapping) -> Saved:

    from tools.secrets_file import load_or_make
    from tools.web.forms.mapping.desk import Desk
    from tools.web.forms.mapping.live import FormMappings
    from tools.web.forms.registry import vendors
    from tools.wiring import open_store

    store = open_store(settings, threads=1)
    try:
        key = load_or_make(settings.data_dir).lead_key
        mappings = FormMappings(store.engine, store.executor, key, utc_now)
        desk = Desk(mappings, settings.base_url, vendors=vendors())
        return desk.save(arguments.name, mapping, by=arguments.by, note=arguments.note)
    finally:
        store.close()


def _print(arguments: argparse.Namespace, flat: Flat, mapping: Mapping, shown: Preview, saved: Saved | None) -> None:
    from tools.web.forms.mapping.proposing import propose

    if arguments.mapping is None:
        taken = {name: field for field, rule in mapping.fields.items() for name in rule.names}
        for one in propose(flat):
            what = taken.get(one.name) or ("?" if one.state == "unsure" else "kept")
            print(f"{one.name[:38]:<38}  {one.sample[:28]:<28}  {what:<12}  {one.confidence:4.2f}  {one.reason}")
        print()
    _print_lead(shown)
    if saved is not None:
        print(f"\nVersion {saved.version} of {saved.name} is in use: {saved.url}")
        if saved.secret:
            print(f"Secret, shown this once: {saved.secret}\nAddress with key:        {saved.url_with_key}")
    elif arguments.mapping is None and shown.problem is None:
        print(
            f"\nRight? app.py forms map {arguments.file} --name {arguments.name or 'NAME'} --save gives it an address."
        )


def _print_lead(shown: Preview) -> None:
    if shown.lead is not None:
        print("The lead that would result:")
        for name, value in shown.lead.items():
            if name not in ("flags", "unknown") and value not in (None, "", "unknown"):
                print(f"  {name:<18} {value}")
        for unknown in shown.lead["unknown"]:
            print(f"  not understood: {unknown['field']} {unknown['typed']!r}")
    for name, value in shown.extra.items():
        print(f"  kept: {name} = {value}")
    for name in shown.missing:
        print(f"  not in this payload: {name}")
    if shown.problem:
        print(f"  {shown.problem}")


def _print_json(flat: Flat, mapping: Mapping, shown: Preview, saved: Saved | None) -> None:
    from dataclasses import asdict

    import orjson

    from tools.web.forms.mapping.proposing import propose

    told: dict[str, Any] = {
        "values": [asdict(one) for one in propose(flat)],
        "mapping": mapping.as_json(),
        "preview": asdict(shown),
        "saved": None if saved is None else asdict(saved),
    }
    print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())


def _refused(said: str) -> int:
    print(f"forms map: {said}", file=sys.stderr)
    return NOTHING
