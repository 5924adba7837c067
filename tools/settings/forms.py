"""Settings of form vendors and of events that come in."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


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

    @property
    def open_forms(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.form_open.split(",") if name.strip())
