"""Writes we want the world to see, as data. The dispatcher performs each under its own idempotency key.

    key = {lead_id}@{revision}/{kind}/{target}

`vendor` names the queue: effects of one vendor wait for each other per lead (a contact exists before its owner is set);
effects of different vendors never do. A timer is an effect that is due in the future, in a queue of its own, `sla`. What a
language model is asked after the decision waits in its own queue too, and so do facts that were missing: no alert waits
for them. Writes that only tell somebody of a decision are in `graph.domain.telling`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from graph.domain.telling import LogNote, PostDigest, PostLine, SendWebhook, WeighActivity
from graph.domain.values import value

Vendor: TypeAlias = Literal["crm", "notifier", "nurture", "similar", "sla", "openai", "facts", "activity", "webhooks"]
Kind: TypeAlias = Literal[
    "upsert_company",
    "upsert_contact",
    "assign_owner",
    "create_task",
    "post_alert",
    "update_alert",
    "enrol_nurture",
    "remember_account",
    "remind_owner",
    "accept_missed",
    "touch_missed",
    "confirm_owner",
    "ask_judgement",
    "write_note",
    "ask_facts",
    "log_note",
    "post_line",
    "post_digest",
    "weigh_activity",
    "send_webhook",
]

VENDOR_OF: dict[str, Vendor] = {
    "upsert_company": "crm",
    "upsert_contact": "crm",
    "assign_owner": "crm",
    "create_task": "crm",
    "post_alert": "notifier",
    "update_alert": "notifier",
    "enrol_nurture": "nurture",
    "remember_account": "similar",
    "remind_owner": "sla",
    "accept_missed": "sla",
    "touch_missed": "sla",
    "confirm_owner": "sla",
    "ask_judgement": "openai",
    "write_note": "openai",
    "ask_facts": "facts",
    "log_note": "crm",
    "post_line": "notifier",
    "post_digest": "notifier",
    "weigh_activity": "activity",
    "send_webhook": "webhooks",
}


@value(frozen=True)
class UpsertCompany:
    domain: str
    name: str | None
    country: str | None
    state: str | None
    city: str | None
    industry: str | None
    employees: int | None
    parent_domain: str | None
    kind: Literal["upsert_company"] = "upsert_company"

    @property
    def target(self) -> str:
        return self.domain


@value(frozen=True)
class UpsertContact:
    """`contact_key` is the e-mail, else the phone number. given_name, family_name: None where only the whole is sure."""

    contact_key: str
    email: str | None
    phone: str | None
    full_name: str | None
    title: str | None
    company_domain: str | None
    company_name: str | None
    country: str | None
    state: str | None
    score: float
    tier: str
    path: str
    source: str | None
    message: str | None
    given_name: str | None = None
    family_name: str | None = None
    kind: Literal["upsert_contact"] = "upsert_contact"

    @property
    def target(self) -> str:
        return "contact"


@value(frozen=True)
class AssignOwner:
    contact_key: str
    owner: str
    rule: str
    kind: Literal["assign_owner"] = "assign_owner"

    @property
    def target(self) -> str:
        return self.owner


@value(frozen=True)
class CreateTask:
    contact_key: str
    owner: str
    subject: str
    body: str
    due_at: datetime | None
    kind: Literal["create_task"] = "create_task"

    @property
    def target(self) -> str:
        return self.owner


@value(frozen=True)
class PostAlert:
    """The first message to this owner about this lead. `message` is Slack's chat.postMessage body without the channel.

    note: goes to its thread; thread: the same as a message's body, where it is more than its text. at: not before then,
    the owner's opening; None for at once.
    """

    owner: str
    channel: str | None
    assignment: int
    message: dict[str, Any]
    note: str = ""
    thread: dict[str, Any] | None = None
    at: datetime | None = None
    kind: Literal["post_alert"] = "post_alert"

    @property
    def target(self) -> str:
        return self.owner


@value(frozen=True)
class UpdateAlert:
    """Replace the message that `owner` already has; `closed` says that it is no longer theirs. `note` goes to its thread.

    message: empty for a note alone, which changes nothing that is shown. thread: the note as a message's body, where it is
    more than its text. ping: the owner is to hear of the note at once. at: not before then; None for at once. shown_only:
    an owner who was never shown the lead is told nothing.
    """

    owner: str
    assignment: int
    message: dict[str, Any]
    note: str
    closed: bool = False
    thread: dict[str, Any] | None = None
    ping: bool = False
    at: datetime | None = None
    shown_only: bool = False
    kind: Literal["update_alert"] = "update_alert"

    @property
    def target(self) -> str:
        return self.owner


@value(frozen=True)
class EnrolNurture:
    contact_key: str
    sequence: str
    owner: str
    kind: Literal["enrol_nurture"] = "enrol_nurture"

    @property
    def target(self) -> str:
        return self.sequence


@value(frozen=True)
class RememberAccount:
    """Keep the account in the similar-accounts memory; an account without an outcome yet is open."""

    domain: str
    name: str | None
    industry: str | None
    country: str | None
    employees: int | None
    revenue_usd: int | None
    technologies: tuple[str, ...]
    kind: Literal["remember_account"] = "remember_account"

    @property
    def target(self) -> str:
        return self.domain


@value(frozen=True)
class RemindOwner:
    """At `at` part of the time to accept is gone: the owner hears of it, if the assignment is still on offer."""

    owner: str
    assignment: int
    at: datetime
    kind: Literal["remind_owner"] = "remind_owner"

    @property
    def target(self) -> str:
        return str(self.assignment)


@value(frozen=True)
class AcceptMissed:
    """At `at` the time to accept is over: the lead is decided again, if the assignment is still on offer."""

    owner: str
    assignment: int
    at: datetime
    kind: Literal["accept_missed"] = "accept_missed"

    @property
    def target(self) -> str:
        return str(self.assignment)


@value(frozen=True)
class TouchMissed:
    """At `at` the first touch is overdue: owner and manager (an e-mail address) hear of it, unless it was touched."""

    owner: str
    manager: str | None
    assignment: int
    at: datetime
    kind: Literal["touch_missed"] = "touch_missed"

    @property
    def target(self) -> str:
        return str(self.assignment)


@value(frozen=True)
class ConfirmOwner:
    """The lead was accepted: once the CRM has taken `owner`, their thread says so. tries: looks before this one."""

    owner: str
    assignment: int
    at: datetime
    tries: int = 0
    kind: Literal["confirm_owner"] = "confirm_owner"

    @property
    def target(self) -> str:
        return f"{self.assignment}.{self.tries}"


@value(frozen=True)
class AskJudgement:
    """Ask the language model `model` for its judgement of the message, which the rules have judged meanwhile. What it is
    shown stands in the decision record."""

    model: str
    assignment: int
    kind: Literal["ask_judgement"] = "ask_judgement"

    @property
    def target(self) -> str:
        return self.model


@value(frozen=True)
class WriteNote:
    """Ask the language model `model` for a note to `owner` about these facts (label -> text, as in the brief)."""

    model: str
    owner: str
    assignment: int
    facts: dict[str, str]
    kind: Literal["write_note"] = "write_note"

    @property
    def target(self) -> str:
        return self.model


@value(frozen=True)
class AskFacts:
    """Ask once more for the company facts that this decision lacked. missing: the sources that did not answer, with the
    reason of each, as in `graph.rules.late_facts`."""

    missing: tuple[str, ...]
    assignment: int
    kind: Literal["ask_facts"] = "ask_facts"

    @property
    def target(self) -> str:
        return "company"


FACTS_AFTER: Final = timedelta(minutes=2)
"""How long a source that did not answer is left alone before it is asked again: what hangs or is limited hangs still."""
Timer: TypeAlias = RemindOwner | AcceptMissed | TouchMissed | ConfirmOwner
Effect: TypeAlias = (
    UpsertCompany
    | UpsertContact
    | AssignOwner
    | CreateTask
    | PostAlert
    | UpdateAlert
    | EnrolNurture
    | RememberAccount
    | Timer
    | AskJudgement
    | WriteNote
    | AskFacts
    | LogNote
    | PostLine
    | PostDigest
    | WeighActivity
    | SendWebhook
)


def key_of(effect: Effect, lead_id: str, revision: int) -> str:
    """The idempotency key: the same write of the same decision has the same key in every replay."""
    return f"{lead_id}@{revision}/{effect.kind}/{effect.target}"


def due_of(effect: Effect, now: datetime) -> datetime:
    """When the effect is to be performed: a timer at its own time, an alert when its owner works, missing facts a little
    later, everything else at once."""
    if isinstance(effect, AskFacts):
        return now + FACTS_AFTER
    at = effect.at if isinstance(effect, Timer | PostAlert | UpdateAlert) else None
    return now if at is None else at
