"""What an account executive reads about one lead: ordered facts in words, before any channel's mark-up.

Nothing here is escaped. A channel (Slack, the inbox page, a digest) escapes and cuts when it draws a brief; it must
treat every `text` as typed by a stranger, because most of them were.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from graph.domain.lead import Path
from graph.domain.values import value

PartKind: TypeAlias = Literal["own", "text", "quote", "code", "link", "time", "date"]


class Part(NamedTuple):
    """A piece of a bullet, of a plain type because a brief has some twenty of them.

    own: words of this program, with nothing from outside in them · text: words of any origin · quote: somebody's own
    words, shown in quotation marks · code: a name from a file · link: `text` leads to `url` (http or https) · time,
    date: the instant `at`, shown in the reader's zone as the clock alone or with its day; `text` is what is shown where
    that cannot be done.
    """

    kind: PartKind
    text: str
    url: str = ""
    at: datetime | None = None


class Bullet(NamedTuple):
    """One fact or a few that belong together. A bullet without a fact does not exist."""

    label: str
    parts: tuple[Part, ...]


@value(frozen=True)
class Brief:
    """Everything that a message about one assignment says.

    header: the headline; summary: one sentence for a notification. owner: e-mail address; slack: the owner's Slack user
    id. deadline: until when to accept, None where no SLA applies, with `wait` ("5 min") and the kind of clock. asked:
    how the lead came ("demo request"); received: when. receipt: digest of the decision. crm_url: where it is shown.
    """

    lead_id: str
    assignment: int
    receipt: str
    owner: str
    slack: str | None
    path: Path
    header: str
    summary: str
    deadline: Part | None
    wait: str
    clock: str | None
    asked: str
    received: Part
    bullets: tuple[Bullet, ...]
    crm_url: str
