"""A submission as the JSON that waits in the stream, and back. Written by the web process, read by the workers, perhaps
of another release: unknown form fields are kept in `extra`, missing ones are blank."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import orjson

from graph.domain.lead import Form, Submission

KNOWN = {f.name for f in fields(Form)} - {"extra"}


class Undecodable(Exception):
    """The entry is not a submission; it becomes a dead letter as it is."""


def encode(submission: Submission) -> bytes:
    form = {name: value for name, value in submission.form.__dict__.items() if value is not None and value != {}}
    at = int(submission.received_at.timestamp() * 1000)
    entry: dict[str, Any] = {"lead_id": submission.lead_id, "at": at, "form": form}
    if submission.cause != "submission":
        entry |= {"cause": submission.cause, "reason": submission.reason, "excluded": submission.excluded}
        entry |= {"assignment": submission.assignment, "revision": submission.revision}
        if submission.to is not None:
            entry |= {"to": submission.to, "by": submission.by}
    return orjson.dumps(entry)


def decode(submission_id: str, payload: bytes) -> Submission:
    try:
        entry = orjson.loads(payload)
        if not isinstance(entry["lead_id"], str):
            raise TypeError("lead_id is no text")  # noqa: TRY301 - one way out for everything that is no submission
        return Submission(
            submission_id=submission_id,
            lead_id=entry["lead_id"],
            received_at=datetime.fromtimestamp(entry["at"] / 1000, UTC),
            form=form_from(entry["form"]),
            cause=entry.get("cause", "submission"),
            reason=entry.get("reason", ""),
            excluded=tuple(entry.get("excluded", ())),
            assignment=entry.get("assignment"),
            revision=entry.get("revision"),
            to=entry.get("to"),
            by=entry.get("by"),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise Undecodable(f"{type(error).__name__}: {error}"[:300]) from error


def form_from(values: dict[str, Any]) -> Form:
    extra = dict(values.get("extra", {})) | {k: str(v) for k, v in values.items() if k not in KNOWN and k != "extra"}
    return Form(**{k: v for k, v in values.items() if k in KNOWN}, extra=extra)
