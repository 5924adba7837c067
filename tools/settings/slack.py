"""Settings of alerts."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

from tools.settings.choice import Choice


class Slack(BaseSettings):
    """Our own inbox page, or Slack."""

    notifier: Choice = "embedded"
    slack_bot_token: SecretStr | None = None
    slack_base_url: str = "https://slack.com/api/"
    slack_signing_secret: SecretStr | None = Field(
        None, description="The app's Signing Secret: buttons, forms and the command /lead work once it is set."
    )
    slack_team_channel: str | None = Field(
        default=None,
        description="Id of the channel that hears of hot leads, and of leads whose owner cannot be written to.",
    )
    slack_digest_hours: Annotated[tuple[int, ...], NoDecode] = Field(
        default=(8, 13),
        description="Hours on each person's own clock from which they get a digest; empty for none.",
    )

    @field_validator("slack_team_channel")
    @classmethod
    def _is_an_id(cls, text: str | None) -> str | None:
        if text is not None and not re.fullmatch(r"[CG][A-Z0-9]{2,20}", text):
            raise ValueError(f"{text!r} is no channel id: open the channel's details in Slack, it begins with C or G")
        return text

    @field_validator("slack_digest_hours", mode="before")
    @classmethod
    def _hours(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        parts = [part.strip() for part in given.split(",") if part.strip()]
        if given.strip().lower() == "none":
            return ()
        if not all(part.isdecimal() and int(part) < 24 for part in parts):
            raise ValueError(f"{given!r} are no hours: write 8, 13 (0 to 23), or none")
        return tuple(sorted({int(part) for part in parts}))

    @model_validator(mode="after")
    def _buttons_can_answer(self) -> Self:
        if self.slack_signing_secret and not self.slack_bot_token:
            raise ValueError("SLACK_SIGNING_SECRET needs SLACK_BOT_TOKEN: a button opens forms and asks who pressed it")
        return self
