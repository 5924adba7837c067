"""Settings of alerts."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from tools.settings.choice import Choice


class Slack(BaseSettings):
    """Our own inbox page, or Slack."""

    notifier: Choice = "embedded"
    slack_bot_token: SecretStr | None = None
    slack_base_url: str = "https://slack.com/api/"
    slack_signing_secret: SecretStr | None = Field(
        None, description="The app's Signing Secret: buttons, forms and the command /lead work once it is set."
    )

    @model_validator(mode="after")
    def _buttons_can_answer(self) -> Self:
        if self.slack_signing_secret and not self.slack_bot_token:
            raise ValueError("SLACK_SIGNING_SECRET needs SLACK_BOT_TOKEN: a button opens forms and asks who pressed it")
        return self
