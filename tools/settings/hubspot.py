"""Settings of the CRM."""

from __future__ import annotations

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from tools.settings.choice import Choice


class HubSpot(BaseSettings):
    """Embedded, or HubSpot."""

    crm: Choice = "embedded"
    hubspot_access_token: SecretStr | None = None
    hubspot_base_url: str = "https://api.hubapi.com"
