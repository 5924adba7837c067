"""Settings of form vendors and of events that come in."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings


class Forms(BaseSettings):
    """Secrets of vendors, pages that may post from a browser."""

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
