"""Puts Slack's side of the HTTP door together from the settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from graph.domain.table import RoutingTable
from tools.editing.leave import Leaves
from tools.idempotency import Identifier
from tools.settings import Settings
from tools.stream.connect import connect
from tools.web.bodies import Few
from tools.web.returning import Returning
from tools.web.slack.acting import Acting
from tools.web.slack.asking import Asking
from tools.web.slack.callers import Callers
from tools.web.slack.commands import Commands
from tools.web.slack.router import DEADLINE_S, SlackSide
from tools.web.slack.tasks import Tasks
from tools.web.slack.verifying import Seen, Verifying


def slack_side(
    settings: Settings,
    engine: Engine,
    stream_url: str,
    identifier: Identifier,
    returning: Returning,
    leaves: Leaves,
    few: Few,
    routing: Callable[[], RoutingTable],
    clock: Callable[[], datetime],
    deadline_s: float = DEADLINE_S,
) -> SlackSide | None:
    """None without SLACK_SIGNING_SECRET. stream_url: of the server that remembers requests; few: threads for what is slow."""
    if not settings.slack_signing_secret or not settings.slack_bot_token:
        return None
    from tools.slack.people import SlackPeople  # noqa: PLC0415 - the SDK, which the default run does not pay for
    from tools.slack.signature import verify_signature  # noqa: PLC0415

    redis = connect(stream_url)
    people = SlackPeople(settings.slack_bot_token.get_secret_value(), time.monotonic, base_url=settings.slack_base_url)
    callers, tasks = Callers(people, routing), Tasks()
    asking = Asking(engine, identifier, few, clock, routing, settings.base_url)
    verifying = Verifying(
        settings.slack_signing_secret.get_secret_value(), settings.body_limit, clock, Seen(redis), verify_signature
    )
    acting = Acting(engine, callers, returning, asking, tasks, clock, routing, leaves, few)
    commands = Commands(callers, asking, leaves, few, clock, routing)
    return SlackSide(verifying, acting, commands, callers, tasks, redis, deadline_s)
