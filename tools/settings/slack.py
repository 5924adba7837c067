"""Settings of alerts."""

from __future__ import annotations

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from tools.settings.choice import Choice


class Slack(BaseSettings):
    """Our own inbox page, or Slack."""

    notifier: Choice = "embedded"
    slack_bot_token: SecretStr | None = None
    slack_base_url: str = "https://slack.com/api/"
