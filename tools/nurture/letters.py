"""Makes the mail of a step: words filled in, the sender's line and the way to unsubscribe at the foot, headers of its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from typing import Any

from sqlalchemy import Row

from graph.domain.sequence import Step
from graph.rules.sequences.mail_text import fill, links_of
from graph.rules.wording import first_name
from tools.nurture.tokens import Tokens
from tools.store.nurture_mails import Draft, mail_id_of
from tools.store.nurture_person import Known

UNSET_SENDER = "nobody@localhost"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all mails share. address: the sender's; reply_to: empty for the owner; line: who writes, with a postal
    address; url: where people reach this server; clicks: links lead over it."""

    address: str
    name: str
    reply_to: str
    line: str
    url: str
    clicks: bool

    @property
    def sender(self) -> str:
        return str(_address(self.address or UNSET_SENDER, self.name))


def draft(head: Letterhead, tokens: Tokens, enrolment: Row[Any], step: Step, known: Known) -> Draft:
    """The mail as it is kept and sent."""
    if step.text is None or known.person.email is None:
        raise ValueError(f"{step.id} is no mail, or nobody gets it")
    mail_id = mail_id_of(enrolment.contact_key, enrolment.sequence, enrolment.visit)

    def link(number: int, url: str) -> str:
        return f"{head.url}/c/{tokens.token(mail_id, number)}" if head.clicks else url

    ours = {"owner_name": first_name(known.owner), "owner_email": known.owner}
    filled = fill(step.text, {**known.names, **ours}, link)
    leave = f"{head.url}/unsubscribe/{tokens.token(mail_id)}"
    foot = f"{head.line}\n" if head.line else ""
    foot_html = f"{escape(head.line)}<br>\n" if head.line else ""
    words = "No more of these mails"
    return Draft(
        mail_id=mail_id,
        lead_id=enrolment.lead_id,
        contact_key=enrolment.contact_key,
        sequence=enrolment.sequence,
        visit=enrolment.visit,
        step=step.id,
        template=step.template,
        address=known.person.email,
        sender=head.sender,
        reply_to=head.reply_to or known.owner,
        message_id=f"<{mail_id}@{(head.address or UNSET_SENDER).rpartition('@')[2]}>",
        subject=filled.subject,
        text=f"{filled.text}\n\n-- \n{foot}{words}: {leave}\n",
        html=f'{filled.html}\n<p><small>{foot_html}<a href="{escape(leave)}">{words}</a></small></p>',
        unsubscribe_url=leave,
        links=links_of(step.text),
    )


def message_of(mail: Draft, date: datetime) -> EmailMessage:
    """The mail with its headers; the same Message-ID in every attempt."""
    message = EmailMessage(policy=SMTP.clone(utf8=not mail.address.isascii()))
    message["From"] = mail.sender
    message["To"] = _address(mail.address)
    message["Reply-To"] = mail.reply_to
    message["Subject"] = mail.subject
    message["Date"] = date
    message["Message-ID"] = mail.message_id
    message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office note answers it
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(_document(mail.html), subtype="html", cte="quoted-printable")
    boundary = hashlib.sha256(mail.message_id.encode()).hexdigest()[:24]
    message.set_boundary(boundary)
    return message


def _document(fragment: str) -> str:
    style = "font-family:sans-serif;font-size:15px;line-height:1.5;max-width:40em"
    return f'<!doctype html>\n<html><body style="{style}">\n{fragment}\n</body></html>\n'


def _address(address: str, name: str = "") -> Address:
    user, _, domain = address.rpartition("@")
    return Address(name, user, domain)
