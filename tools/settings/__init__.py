"""Every setting, from the environment or a `.env` file. One section an outside part: `embedded` (the default, no key, no
network) or `live`; `live` without its key stops at start and names the variable."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Self

from pydantic import model_validator
from pydantic_settings import SettingsConfigDict

from tools.settings.company import KEYED, Company
from tools.settings.forms import Forms
from tools.settings.hubspot import HubSpot
from tools.settings.language import Language
from tools.settings.learning import Learning
from tools.settings.nurture import Nurture
from tools.settings.outgoing import Outgoing
from tools.settings.running import Running
from tools.settings.similar import Similar
from tools.settings.slack import Slack


class Settings(Outgoing, Nurture, Language, Similar, Slack, HubSpot, Company, Learning, Forms, Running):
    """The sections, the last named first in `infra/env.example`."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    @model_validator(mode="after")
    def _live_parts_have_their_keys(self) -> Self:
        needed = {
            "CRM": (self.crm, "hubspot_access_token"),
            "NOTIFIER": (self.notifier, "slack_bot_token"),
            "SIMILAR": (self.similar, "pinecone_api_key"),
            "LLM": (self.llm, "openai_api_key"),
        }
        missing = [
            f"{part}=live needs {name.upper()}"
            for part, (choice, name) in needed.items()
            if choice == "live" and not getattr(self, name)  # an empty value is unset
        ]
        if self.enrichment == "live":
            missing += [
                f"ENRICHMENT=live with {name} needs {name.upper()}_API_KEY"
                for name in self.providers
                if name in KEYED and not getattr(self, f"{name}_api_key")
            ]
        if self.embedder == "openai" and not self.openai_api_key:
            missing.append("EMBEDDER=openai needs OPENAI_API_KEY")
        if self.similar == "live" and not self.pinecone_host:
            missing.append("SIMILAR=live needs PINECONE_HOST")
        if self.nurture == "crm" and self.crm != "live":
            missing.append("NURTURE=crm needs CRM=live")
        if missing:
            raise ValueError("; ".join(missing) + " (set it, or choose embedded)")
        return self

    @property
    def match_index(self) -> Path:
        """Folder of the index by which known accounts are matched."""
        return self.data_dir / "accounts"

    @cached_property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'leads.db'}"

    @property
    def workers_started(self) -> int:
        return self.workers or min(2, os.cpu_count() or 1)

    @property
    def models_dir(self) -> Path:
        return self.models_folder or self.data_dir / "models"

    @property
    def base_url(self) -> str:
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
