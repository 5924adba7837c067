"""Settings of the CRM."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from tools.settings.choice import Choice


class HubSpot(BaseSettings):
    """Embedded, or HubSpot."""

    crm: Choice = "embedded"
    hubspot_access_token: SecretStr | None = None
    hubspot_base_url: str = "https://api.hubapi.com"
    hubspot_client_secret: SecretStr | None = Field(
        None,
        description="The app's client secret: signs what POST /webhooks/hubspot takes. Empty: the route is closed.",
    )
    hubspot_webhook_url: str = Field(
        "", description="The URL HubSpot posts to, if it is not PUBLIC_URL with /webhooks/hubspot (a proxy changes it)."
    )
    hubspot_currency: str = Field(
        "USD", pattern=r"^[A-Z]{3}$", description="The portal's currency, of deals that name none."
    )
    hubspot_requests_10s: int = Field(
        100, ge=1, description="Calls in ten seconds, all processes together: 100, or 190 from Professional on."
    )
    hubspot_searches_s: int = Field(4, ge=1, description="The same for searches, in one second.")

    @model_validator(mode="after")
    def _webhooks_need_the_live_crm(self) -> Self:
        if self.hubspot_client_secret and self.crm != "live":  # an empty value is unset
            raise ValueError("HUBSPOT_CLIENT_SECRET is for CRM=live: the embedded CRM sends no webhooks")
        return self
