"""The performer of sequences, put together: the file of sequences with hot reload, mails, and the way back into the stream
for a lead that is to be scored again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from graph.domain.lead import Submission
from graph.ports import VendorError
from tools.nurture.letters import Letterhead
from tools.nurture.smtp import Server, Smtp
from tools.nurture.steps import KeptSteps, Limits, SequenceSteps
from tools.nurture.tokens import Tokens
from tools.nurture.versions import Versions
from tools.secrets_file import load_or_make
from tools.sequence_file import LiveSequences
from tools.settings import Settings
from tools.stream.again import UnknownLead, again, send
from tools.stream.inbox import Inbox, StreamUnavailable
from tools.wiring import Store


def nurture_steps(settings: Settings, store: Store, inbox: Inbox, sequences: LiveSequences) -> SequenceSteps:
    """Mails go out over SMTP with NURTURE=live; else they stay in the store."""
    made = SequenceSteps if settings.nurture == "live" else KeptSteps
    return made(
        store.engine,
        store.executor,
        Versions(sequences.current),
        letterhead(settings),
        Tokens(load_or_make(settings.data_dir).lead_key),
        _revisit(store, inbox),
        smtp=Smtp(_server(settings)) if settings.nurture == "live" else None,
        limits=Limits(settings.nurture_per_day, settings.nurture_per_minute),
    )


def letterhead(settings: Settings) -> Letterhead:
    return Letterhead(
        address=settings.smtp_from,
        name=settings.smtp_from_name,
        reply_to=settings.smtp_reply_to,
        line=settings.sender_line,
        url=settings.base_url,
        clicks=settings.click_links,
    )


def _server(settings: Settings) -> Server:
    return Server(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else "",
        sender=settings.smtp_from,
        timeout_s=settings.smtp_timeout_s,
    )


def _revisit(store: Store, inbox: Inbox) -> Callable[[str, str], Awaitable[None]]:
    def newest(lead_id: str, submission_id: str) -> Submission:
        return again(store.engine, lead_id, "retry", submission_id)

    async def revisit(lead_id: str, submission_id: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            await send(inbox, await loop.run_in_executor(store.executor, newest, lead_id, submission_id))
        except StreamUnavailable as error:
            raise VendorError("stream_unavailable", error.reason) from None
        except UnknownLead:
            raise VendorError("unknown_lead", "no decision of it is recorded", permanent=True) from None

    return revisit
