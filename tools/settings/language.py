"""Settings of the language model, and how long a live part may take to answer."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from tools.settings.choice import Choice


class Language(BaseSettings):
    """Rules, or a model behind OpenAI's interface."""

    llm: Choice = "embedded"
    openai_api_key: SecretStr | None = None
    openai_base_url: str = "https://api.openai.com/v1"
    openai_model: str = "gpt-4o-mini"
    openai_deadline_s: float = Field(
        15.0,
        gt=0,
        lt=20,
        description="For one question to the language model after the decision; nothing waits for it.",
    )
    read_deadline_s: float = Field(3.0, gt=0, description="For one question to a live enrichment, CRM or memory.")
