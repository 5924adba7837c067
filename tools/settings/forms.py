"""Settings of form vendors and of events that come in."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from tools.settings.origins import read_origins

_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


class Forms(BaseSettings):
    """Secrets of vendors, pages that may post from a browser."""

    form_secrets: dict[str, SecretStr] = Field(
        {},
        description='Form vendor -> what its deliveries are checked with: {"typeform": "..."}. Two separated by a blank: '
        "either, while one is being changed. Which secret it is: infra/docs/forms.md.",
    )
    form_open: str = Field(
        "",
        description="Form vendors that need no secret, separated by commas: anybody may then post leads in their name.",
    )
    form_tokens: dict[str, SecretStr] = Field(
        {}, description="Form vendor -> token of its API, for those that only name a lead: meta, linkedin."
    )
    form_verify_token: SecretStr | None = Field(
        None, description="A word of your own that Meta repeats when it tries the webhook's URL."
    )
    form_api_urls: dict[str, str] = Field(
        {}, description="Form vendor -> base URL of its API, instead of the vendor's own."
    )
    linkedin_version: str = Field(
        "202606", pattern=r"^20\d{4}$", description="Version of LinkedIn's API, as it is sent."
    )
    form_deadline_s: float = Field(
        5.0, gt=0, le=30, description="Seconds for fetching what a delivery of Meta or LinkedIn only names."
    )

    # pages that post from a browser
    form_origins: str = Field(
        "",
        description="Origins of pages whose script may post leads, separated by commas: https://www.example.com; * is any. "
        "Empty: none. Forms without a script need no entry.",
    )
    form_redirect_hosts: str = Field(
        "",
        description="Hosts to which a plain form's _next may lead after it was sent, separated by commas; empty: those of "
        "FORM_ORIGINS.",
    )

    @field_validator("form_origins")
    @classmethod
    def _are_origins(cls, text: str) -> str:
        read_origins(text)
        return text

    @field_validator("form_redirect_hosts")
    @classmethod
    def _are_hosts(cls, text: str) -> str:
        for host in _listed(text):
            if not _HOST.fullmatch(host):
                raise ValueError(f"FORM_REDIRECT_HOSTS: {host[:80]!r} is no host; write www.example.com")
        return text

    @property
    def origins(self) -> frozenset[str]:
        """As browsers send them."""
        return read_origins(self.form_origins)

    @property
    def redirect_hosts(self) -> frozenset[str]:
        hosts = frozenset(_listed(self.form_redirect_hosts))
        return hosts or frozenset(host for origin in self.origins if (host := urlsplit(origin).hostname))

    @property
    def open_forms(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.form_open.split(",") if name.strip())

    # events
    events_body_limit: int = Field(
        2 * 1024 * 1024, ge=1024, description="Bytes of a POST of events before it is answered 413."
    )
    events_open_to_browsers: bool = Field(
        False,
        description="Take page_view, content_download and form_submit without a signature also where events have a secret.",
    )
    event_networks: str = Field(
        "17.0.0.0/8,66.249.64.0/19",
        description="Networks, with commas, from which mails and pages are loaded ahead: opens, clicks and views from there "
        "do not count. Apple's mail privacy, Google's crawlers; add those of your mail filter.",
    )
    activity_may: Literal["anew", "told", "kept"] = Field(
        "anew",
        description="What activity may do that comes after a decision: decide again, only tell the owner, only be kept.",
    )

    @field_validator("event_networks")
    @classmethod
    def _networks(cls, given: str) -> str:
        for one in given.split(","):
            if one.strip():
                try:
                    ip_network(one.strip())
                except ValueError:
                    raise ValueError(f"{one.strip()[:60]!r} is no network such as 203.0.113.0/24") from None
        return given


def _listed(text: str) -> list[str]:
    return [entry.strip().lower() for entry in text.split(",") if entry.strip()]
