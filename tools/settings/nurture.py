"""Settings of sequences of mails."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings


class Nurture(BaseSettings):
    """Who sends them, and when."""

    nurture: Literal["embedded", "live", "crm"] = Field(
        "embedded",
        description="embedded keeps the mails in the store and sends none, live sends by SMTP, crm leaves sequences to HubSpot.",
    )
    sequences_file: Path = Field(
        Path("infra/sequences.json"), description="The sequences; their mails in mails/ beside it."
    )
    smtp_host: str = ""
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="tls: from the first byte (port 465). none: only for a server on this machine."
    )
    smtp_user: str = ""
    smtp_password: SecretStr | None = None
    smtp_from: str = Field("", description="The sender's address, as marketing@company.com.")
    smtp_from_name: str = ""
    smtp_reply_to: str = Field("", description="Who gets the answers; empty is the owner of the lead.")
    smtp_timeout_s: float = Field(6.0, gt=0, le=15, description="For each answer of the server.")
    sender_line: str = Field(
        "", description="Who writes, with a postal address, at the foot of each mail; NURTURE=live needs it."
    )
    nurture_per_day: int = Field(500, ge=1, description="Mails in 24 hours at the most, of all sequences together.")
    nurture_per_minute: int = Field(30, ge=1, description="And in a minute.")
    click_links: bool = Field(False, description="Links of mails lead over this server, which counts the clicks.")

    @model_validator(mode="after")
    def _mails_can_be_sent(self) -> Self:
        if self.nurture != "live":
            return self
        needed = ("smtp_host", "smtp_from", "sender_line")
        missing = [f"NURTURE=live needs {name.upper()}" for name in needed if not getattr(self, name)]
        if missing:
            raise ValueError("; ".join(missing) + " (set it, or choose embedded)")
        for name in ("smtp_from", "smtp_reply_to"):
            if getattr(self, name):
                _address(name, getattr(self, name))
        if self.smtp_user and not self.smtp_password:
            raise ValueError("SMTP_USER needs SMTP_PASSWORD")
        if self.smtp_security == "none" and self.smtp_host not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError("SMTP_SECURITY=none sends mails and passwords in the clear; use starttls or tls")
        if any(sign in self.smtp_from_name for sign in "\r\n"):
            raise ValueError("SMTP_FROM_NAME: one line")
        return self


def _address(name: str, given: str) -> None:
    try:
        validate_email(given, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"{name.upper()}: {error}") from None
