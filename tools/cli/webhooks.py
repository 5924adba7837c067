"""Outgoing webhooks: who is told of what happens to leads, what came of it, send again.

    app.py webhooks add https://example.com/leads --events lead.decided,lead.accepted     (or --events all)
    app.py webhooks list | show EP | test EP | pause EP | resume EP | remove EP | rotate-secret EP
    app.py webhooks deliveries EP [--outcome failed]       what was tried, with status and answer
    app.py webhooks send-again EP MSG                      one message once more, under the same id
    app.py webhooks replay EP --since 2026-03-02T08:00     everything since then (UTC) once more
    app.py webhooks schema [EVENT]                         what receivers get, as JSON Schema

Exit codes: 0 done; 1 the ping was not taken; 2 it cannot be done, the reason is said."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tools.clock import utc_now

if TYPE_CHECKING:
    from tools.settings import Settings
    from tools.store.webhooks import Endpoint

NOT_TAKEN, NOTHING = 1, 2


def add(parser: argparse.ArgumentParser) -> None:
    parser.description, parser.formatter_class = __doc__, argparse.RawDescriptionHelpFormatter
    what = parser.add_subparsers(dest="what", required=True, metavar="COMMAND")
    new = what.add_parser("add", help="tell another endpoint; its secret is printed once")
    new.add_argument("url")
    new.add_argument("--events", required=True, help="names with commas between them, or all")
    new.add_argument("--personal", action="store_true", help="send e-mail address, name and phone number too")
    new.add_argument("--secret", help="one of your own (whsec_...); without it one is made")
    what.add_parser("list", help="every endpoint with its state and what waits for it")
    for name, text in (
        ("show", "one endpoint as JSON"),
        ("test", "send a ping and say what came back"),
        ("pause", "what happens from now on waits"),
        ("resume", "tell it again, first of what waits"),
        ("remove", "tell it no more; what waits is dropped"),
    ):
        what.add_parser(name, help=text).add_argument("endpoint", metavar="EP")
    rotate = what.add_parser("rotate-secret", help="a new secret, printed once; the old one signs beside it for a day")
    rotate.add_argument("endpoint", metavar="EP")
    rotate.add_argument("--secret", help="one of your own (whsec_...); without it one is made")
    listing = what.add_parser("deliveries", help="what was tried, the newest attempt first")
    listing.add_argument("endpoint", metavar="EP")
    listing.add_argument("--outcome", choices=("delivered", "failed", "expired"))
    listing.add_argument("--limit", type=int, default=20)
    again = what.add_parser("send-again", help="one message once more, under the same id")
    again.add_argument("endpoint", metavar="EP")
    again.add_argument("message", metavar="MSG")
    replay = what.add_parser("replay", help="everything since a time once more, each message under its own id")
    replay.add_argument("endpoint", metavar="EP")
    replay.add_argument("--since", required=True, help="ISO date and time; UTC where no zone is given")
    replay.add_argument("--undelivered", action="store_true", help="only what it never took")
    schema = what.add_parser("schema", help="the JSON Schema of an event's message, or of all")
    schema.add_argument("event", nargs="?")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    from tools.cli.rules.editing import store_of
    from tools.store.webhooks import CannotKeep

    if arguments.what == "schema":
        return _schema(arguments.event)
    try:
        with store_of(settings) as engine:
            return _COMMANDS[arguments.what](arguments, settings, engine)
    except CannotKeep as error:
        return _refused(str(error))


def _refused(text: str) -> int:
    print(f"webhooks: {text}", file=sys.stderr)
    return NOTHING


def _schema(event: str | None) -> int:
    from graph.domain.announcing import DATA
    from tools.outgoing.schemas import schema_of, schema_text

    if event is not None and event not in DATA:
        return _refused(f"there is no event {event!r}; there are {', '.join(DATA)}")
    print(schema_text() if event is None else json.dumps(schema_of(event), indent=1))
    return 0


def _add(arguments: argparse.Namespace, settings: Settings, engine: Any) -> int:
    from tools.outgoing import endpoints
    from tools.outgoing.performing import sealer_of, way_of

    shown = asyncio.run(
        endpoints.add(
            engine,
            sealer_of(settings),
            way_of(settings),
            arguments.url.strip(),
            arguments.events.split(","),
            personal=arguments.personal,
            secret=arguments.secret,
            now=utc_now(),
        )
    )
    print(f"{shown.endpoint.endpoint} is told of {', '.join(shown.endpoint.events)}")
    return _secret(shown.secret)


def _rotate(arguments: argparse.Namespace, settings: Settings, engine: Any) -> int:
    from tools.outgoing import endpoints
    from tools.outgoing.performing import sealer_of

    shown = endpoints.rotate(engine, sealer_of(settings), arguments.endpoint, utc_now(), arguments.secret)
    print(
        f"{shown.endpoint.endpoint} has a new secret; the one before signs too until {_time(shown.endpoint.old_until)}"
    )
    return _secret(shown.secret)


def _secret(secret: str) -> int:
    print("Its secret, shown this once, for whoever receives:")
    print(secret)
    return 0


def _list(_arguments: argparse.Namespace, _settings: Settings, engine: Any) -> int:
    from tools.store.webhook_deliveries import waiting
    from tools.store.webhooks import endpoints

    found, waits = endpoints(engine), waiting(engine)
    for one in found:
        held = waits.get(one.endpoint)
        print("\t".join([one.endpoint, _state(one), f"{held.messages if held else 0} waiting", _line(one.url)]))
        print(f"\t{', '.join(one.events)}{', with personal data' if one.personal else ''}")
    if not found:
        print("Nobody is told yet: app.py webhooks add URL --events lead.decided", file=sys.stderr)
    return 0


def _state(one: Endpoint) -> str:
    if one.state != "active":
        return f"{one.state}: {one.why}" if one.why else one.state
    return f"failing since {_time(one.failing_since)}" if one.failing_since else "active"


def _show(arguments: argparse.Namespace, _settings: Settings, engine: Any) -> int:
    from tools.store.webhook_deliveries import waiting
    from tools.store.webhooks import found_endpoint
    from tools.web.webhooks_out import as_json

    held = found_endpoint(engine, arguments.endpoint)
    print(json.dumps(as_json(held, waiting(engine).get(held.endpoint)), indent=1, default=_json_time))
    return 0


def _test(arguments: argparse.Namespace, settings: Settings, engine: Any) -> int:
    from tools.outgoing import endpoints
    from tools.outgoing.performing import sealer_of, way_of

    attempt = asyncio.run(endpoints.test(engine, sealer_of(settings), way_of(settings), arguments.endpoint, utc_now()))
    print(f"{attempt.status or attempt.error} after {attempt.duration_ms} ms")
    if attempt.excerpt:
        print(_line(attempt.excerpt))
    return 0 if attempt.ok else NOT_TAKEN


def _pause(arguments: argparse.Namespace, _settings: Settings, engine: Any) -> int:
    from tools.store.webhooks import set_state

    print(_state(set_state(engine, arguments.endpoint, "paused", None)))
    return 0


def _resume(arguments: argparse.Namespace, _settings: Settings, engine: Any) -> int:
    from tools.store.webhooks import set_state

    print(_state(set_state(engine, arguments.endpoint, "active", None)))
    return 0


def _remove(arguments: argparse.Namespace, _settings: Settings, engine: Any) -> int:
    from tools.store.webhooks import remove_endpoint

    dropped = remove_endpoint(engine, arguments.endpoint, utc_now())
    print(f"{arguments.endpoint} is removed; {dropped:,} waiting messages were dropped")
    return 0


def _deliveries(arguments: argparse.Namespace, _settings: Settings, engine: Any) -> int:
    from tools.store.webhook_deliveries import deliveries
    from tools.store.webhooks import found_endpoint

    if not 1 <= arguments.limit <= 500:
        return _refused("--limit is 1 to 500")
    found_endpoint(engine, arguments.endpoint)
    for row in deliveries(engine, arguments.endpoint, limit=arguments.limit, outcome=arguments.outcome):
        came = str(row.status or row.error or "")
        shown = [
            _time(row.tried_at),
            row.event_id,
            row.event,
            row.lead_id or "",
            row.outcome,
            came,
            f"{row.attempts} attempts",
        ]
        print("\t".join([*shown, _line(row.excerpt or "")[:80]]))
    return 0


def _again(arguments: argparse.Namespace, _settings: Settings, engine: Any) -> int:
    from tools.store.webhook_deliveries import send_again

    sent = send_again(engine, arguments.endpoint, arguments.message, utc_now())
    print("queued, under the same id" if sent else "it is on its way already")
    return 0


def _replay(arguments: argparse.Namespace, _settings: Settings, engine: Any) -> int:
    from tools.store.webhook_deliveries import replay_since

    try:
        since = datetime.fromisoformat(arguments.since)
        since = since.replace(tzinfo=UTC) if since.tzinfo is None else since.astimezone(UTC)
    except (ValueError, OverflowError):
        return _refused(f"--since: {arguments.since!r} is no ISO date or time, such as 2026-03-02T08:00")
    count = replay_since(engine, arguments.endpoint, since, utc_now(), undelivered=arguments.undelivered)
    print(f"{count:,} messages go out again, each under its own id")
    return 0


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _json_time(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _line(text: str) -> str:
    """Somebody else's text in a terminal: one line, and nothing that moves the cursor."""
    return "".join(letter for letter in text if letter.isprintable())


_COMMANDS = {
    "add": _add,
    "list": _list,
    "show": _show,
    "test": _test,
    "pause": _pause,
    "resume": _resume,
    "remove": _remove,
    "rotate-secret": _rotate,
    "deliveries": _deliveries,
    "send-again": _again,
    "replay": _replay,
}
