"""Effects that tell others of what was decided or done: a note in the CRM, lines for a team, digests, outgoing webhooks; and
the one that weighs what a person did since. Part of `graph.domain.effects`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from graph.domain.values import value


@value(frozen=True)
class LogNote:
    """A note on the contact in the CRM: the brief as plain text, lines separated by line breaks."""

    contact_key: str
    owner: str
    text: str
    at: datetime
    kind: Literal["log_note"] = "log_note"

    @property
    def target(self) -> str:
        return "brief"


@value(frozen=True)
class PostLine:
    """One quiet line to the team about a hot lead, or to a lead's owner about a sequence. channel: a channel, a user there, or
    a person's e-mail address; None for the team channel of the settings."""

    channel: str | None
    message: dict[str, Any]
    kind: Literal["post_line"] = "post_line"

    @property
    def target(self) -> str:
        return self.channel or "team"


@value(frozen=True)
class PostDigest:
    """What came in since the last digest, for one person. part: names the digest, such as 2026-03-02T08."""

    owner: str
    channel: str | None
    part: str
    message: dict[str, Any]
    kind: Literal["post_digest"] = "post_digest"

    @property
    def target(self) -> str:
        return f"{self.owner}/{self.part}"


@value(frozen=True)
class WeighActivity:
    """The person did something after the decision: does it change which way the lead goes? event_key: the newest event."""

    event_key: str
    at: datetime
    kind: Literal["weigh_activity"] = "weigh_activity"

    @property
    def target(self) -> str:
        return self.event_key


@value(frozen=True)
class SendWebhook:
    """Tell a subscriber's endpoint. event_id: the Standard Webhooks message id, the same in each attempt; body: as sent."""

    endpoint: str
    event: str
    event_id: str
    body: dict[str, Any]
    kind: Literal["send_webhook"] = "send_webhook"

    @property
    def target(self) -> str:
        return f"{self.endpoint}/{self.event_id}"
