"""Gives one mail to an SMTP server, and says honestly what came of it. One connection a mail; retries nothing.

What the server answered is known. What happened between the first byte of the content and its answer, when the connection
broke or time ran out, is not: that is `Unknown`, and nobody may send the mail again because of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from tools.nurture.letters import message_of
from tools.store.nurture_mails import Draft


class NotSent(Exception):
    """Nothing was sent, and a later try may succeed."""


class Refused(Exception):
    """The server will never take it. bounced: because of the recipient's address."""

    def __init__(self, said: str, *, bounced: bool) -> None:
        super().__init__(said)
        self.bounced = bounced


class Unknown(Exception):
    """It was perhaps delivered."""


class Lost(Exception):
    """Somebody else has it, or it is intended no more: nothing was sent."""


@dataclass(frozen=True, slots=True)
class Server:
    """security: starttls, tls or none. timeout_s: for each answer."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = ""
    sender: str = ""
    timeout_s: float = 6.0


class Smtp:
    def __init__(self, server: Server) -> None:
        self._server = server

    async def send(self, mail: Draft, date: datetime, take: Callable[[], Awaitable[bool]]) -> str:
        """Returns the server's words. take: asked just before the content is given to the server; False stops it.

        Raises NotSent, Refused, Unknown or Lost.
        """
        client = self._client()
        try:
            await self._greeted(client)
            await self._addressed(client, mail)
            if not await take():
                raise Lost
            return await _handed_over(client, bytes(message_of(mail, date)))
        finally:
            client.close()

    def _client(self) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port,
            timeout=server.timeout_s,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
        )

    async def _greeted(self, client: SMTP) -> None:
        server = self._server
        try:
            await client.connect()
            if server.user:
                await client.login(server.user, server.password)
        except (SMTPException, OSError, ValueError) as error:
            raise NotSent(_said(error)) from None

    async def _addressed(self, client: SMTP, mail: Draft) -> None:
        options = [] if mail.address.isascii() else ["SMTPUTF8"]
        encoding = "utf-8" if options else "ascii"
        try:
            if options and not client.supports_extension("smtputf8"):
                raise Refused("the server takes no address with other letters than ASCII", bounced=True)
            await client.mail(self._server.sender, options=options, encoding=encoding)
            await client.rcpt(mail.address, encoding=encoding)
        except aiosmtplib.SMTPRecipientRefused as error:
            if error.code >= 500:
                raise Refused(_said(error), bounced=_about_the_address(error.message)) from None
            raise NotSent(_said(error)) from None
        except (SMTPException, OSError) as error:
            raise NotSent(_said(error)) from None


async def _handed_over(client: SMTP, content: bytes) -> str:
    try:
        answer = await client.data(content)
    except SMTPResponseException as error:
        if error.code >= 500:
            raise Refused(_said(error), bounced=False) from None
        raise NotSent(_said(error)) from None
    except (SMTPException, OSError) as error:
        raise Unknown(_said(error)) from None
    with contextlib.suppress(SMTPException, OSError):  # it has the mail; how the talk ends changes nothing
        await client.quit()
    return f"{answer.code} {answer.message}"[:200]


def _about_the_address(said: str) -> bool:
    """RFC 3463: 5.1.x is about the address, 5.2.1 a mailbox that was closed; 5.7.x and others are about us. Without such
    a code it counts as one about the address."""
    first = said.split(maxsplit=1)[0] if said.strip() else ""
    return not first.startswith("5.") or first.startswith(("5.1.", "5.2.1"))


def _said(error: BaseException) -> str:
    """For people; a server's words may quote the address, so that they are cut short and stay in the store."""
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}"[:300]
    return f"{type(error).__name__}: {error}"[:300]
