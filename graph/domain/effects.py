"""Writes we want the world to see, as data. The dispatcher performs each under its own idempotency key.

    key = {lead_id}@{revision}/{kind}/{target}

`vendor` names the queue: effects of one vendor wait for each other per lead (a contact exists before its owner is set);
effects of different vendors never do. A timer is an effect that is due in the future, in a queue of its own: `sla`, and
`steps` for those of sequences. What a language model is asked after the decision waits in its own queue too, and so do facts
that were missing: no alert waits for them. Writes that only tell somebody of a decision are in `graph.domain.telling`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from graph.domain.crm_effects import AssignOwner, CreateTask, UpsertCompany, UpsertContact
from graph.domain.later import (
    AcceptMissed,
    AskFacts,
    AskJudgement,
    ConfirmOwner,
    NurtureStep,
    RemindOwner,
    TakeChange,
    TouchMissed,
    WriteNote,
)
from graph.domain.telling import LogNote, PostDigest, PostLine, SendWebhook, WeighActivity
from graph.domain.values import value

__all__ = [
    "FACTS_AFTER",
    "VENDOR_OF",
    "AcceptMissed",
    "AskFacts",
    "AskJudgement",
    "AssignOwner",
    "ConfirmOwner",
    "CreateTask",
    "Effect",
    "EnrolNurture",
    "Kind",
    "LogNote",
    "NurtureStep",
    "PostAlert",
    "PostDigest",
    "PostLine",
    "RememberAccount",
    "RemindOwner",
    "SendWebhook",
    "TakeChange",
    "Timer",
    "TouchMissed",
    "UpdateAlert",
    "UpsertCompany",
    "UpsertContact",
    "Vendor",
    "WeighActivity",
    "WriteNote",
    "due_of",
    "key_of",
]

Vendor: TypeAlias = Literal[
    "crm",
    "notifier",
    "nurture",
    "steps",
    "similar",
    "sla",
    "openai",
    "facts",
    "activity",
    "webhooks",
    "changes",
]
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
    "take_change",
    "nurture_step",
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
    "take_change": "changes",
    "nurture_step": "steps",
}


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
    | NurtureStep
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
    | TakeChange
)


def key_of(effect: Effect, lead_id: str, revision: int) -> str:
    """The idempotency key: the same write of the same decision has the same key in every replay."""
    return f"{lead_id}@{revision}/{effect.kind}/{effect.target}"


def due_of(effect: Effect, now: datetime) -> datetime:
    """When the effect is to be performed: a timer at its own time, an alert when its owner works, missing facts a little
    later, everything else at once."""
    if isinstance(effect, AskFacts):
        return now + FACTS_AFTER
    at = effect.at if isinstance(effect, Timer | PostAlert | UpdateAlert | NurtureStep) else None
    return now if at is None else at
