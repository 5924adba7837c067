"""Ways a lead comes back for another decision: an operator's retry, an owner's pass, a reviewer's approval, a time to
accept that went by, a late judgement, company facts that came late, what the person did since, an owner chosen in the CRM,
a replayed dead letter. Each is a submission like any other and goes through the stream."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import orjson
from sqlalchemy import Engine

from graph.domain.lead import Cause, Submission
from tools.store.queries import record_json
from tools.stream.codec import encode, form_from
from tools.stream.inbox import Accepted, Envelope, Inbox

WEEK_MS = 7 * 86_400_000


class UnknownLead(Exception):
    """No decision of this lead is recorded."""


def again(engine: Engine, lead_id: str, cause: Cause, submission_id: str = "") -> Submission:
    """The newest submission of the lead, to be decided once more. Raises UnknownLead."""
    record = record_json(engine, lead_id)
    if record is None:
        raise UnknownLead(lead_id)
    typed = orjson.loads(record)["submission"]["form"].items()
    form = form_from({k: v for k, v in typed if v is not None and k != "asked"})  # a blank counts once
    return Submission(submission_id or f"{cause}:{uuid.uuid4().hex}", lead_id, datetime.now(UTC), form, cause)


def passed(submission: Submission, number: int, by: str, reason: str) -> Submission:
    """An owner gives assignment `number` back; they do not get the lead again."""
    return _given_back(submission, "pass", number, by, reason)


def missed(submission: Submission, number: int, by: str) -> Submission:
    """An owner did not accept assignment `number` in time; they do not get the lead again."""
    return _given_back(submission, "missed", number, by, "not accepted in time")


def judged(submission: Submission, revision: int, note: str) -> Submission:
    """A language model's judgement of decision `revision` came late and gives another tier; taken once. note: for people."""
    return late(submission, "judged", revision, note)


def enriched(submission: Submission, revision: int, note: str) -> Submission:
    """Company facts that decision `revision` lacked came late and would change it; taken once. note: for people."""
    return late(submission, "enriched", revision, note)


def reassigned(submission: Submission, change_id: str, to: str, by: str) -> Submission:
    """Somebody made `to` the owner in the CRM; named by the change, so that it is taken once. by: who, for people."""
    lead_id, name, to = submission.lead_id, f"reassigned:{submission.lead_id}:{change_id[:16]}", to.lower()
    note = f"{by} made {to} the owner in the CRM."
    return Submission(name, lead_id, submission.received_at, submission.form, "reassigned", note, to=to, by=by)


def late(submission: Submission, cause: Cause, revision: int, note: str) -> Submission:
    """What became known after decision `revision`; named by it, so that it is taken once for each cause."""
    lead_id, name = submission.lead_id, f"{cause}:{submission.lead_id}:{revision}"
    return Submission(name, lead_id, submission.received_at, submission.form, cause, note, revision=revision)


def _given_back(submission: Submission, cause: Cause, number: int, by: str, reason: str) -> Submission:
    """Named by the assignment that it ends, so that it is taken once."""
    lead_id, name = submission.lead_id, f"{cause}:{submission.lead_id}:{number}"
    return Submission(name, lead_id, submission.received_at, submission.form, cause, reason, (by,), number)


async def send(inbox: Inbox, submission: Submission) -> Accepted:
    """Into the stream; the same submission id is taken once."""
    return await send_raw(inbox, submission.submission_id, submission.lead_id, encode(submission))


async def send_raw(inbox: Inbox, submission_id: str, lead_id: str, payload: bytes, *, fresh: bool = False) -> Accepted:
    """A payload as it is; `fresh` lets a replayed dead letter in although its first acceptance is remembered."""
    key = f"a:{submission_id}" + (f":{uuid.uuid4().hex}" if fresh else "")
    return await inbox.accept(Envelope(key, lead_id, "", submission_id, payload, WEEK_MS))
