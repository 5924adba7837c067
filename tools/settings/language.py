"""Settings of the language model, and how long a live part may take to answer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from tools.settings.choice import Choice


class Language(BaseSettings):
    """Rules, or a model behind OpenAI's interface."""

    llm: Choice = "embedded"
    openai_api_key: SecretStr | None = None
    openai_base_url: str = "https://api.openai.com/v1"
    openai_model: str = "gpt-4o-mini"
    openai_structured: Literal["json_schema", "function_calling", "json_mode"] = Field(
        "json_schema", description="How the model is held to the form of its answer: as much as its server can."
    )
    openai_temperature: float | Literal["default"] = Field(
        0.0, description="`default` sends none, for models that take only their own."
    )
    openai_deadline_s: float = Field(
        15.0,
        gt=0,
        lt=20,
        description="For one question to the language model after the decision; nothing waits for it.",
    )
    read_deadline_s: float = Field(3.0, gt=0, description="For one question to a live enrichment, CRM or memory.")
