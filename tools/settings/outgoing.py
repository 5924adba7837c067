"""Settings of outgoing webhooks."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings


class Outgoing(BaseSettings):
    """Who is told."""

    webhooks_private: bool = Field(
        False,
        description="Outgoing webhooks may go to addresses of private networks and this machine, and over http.",
    )
    webhooks_deadline_s: float = Field(10.0, gt=0, le=18, description="Seconds that an endpoint has for its answer.")
    webhooks_side_by_side: int = Field(16, ge=1, le=64, description="Messages under way to one endpoint at once.")
    webhooks_off_after_d: float = Field(
        5.0, gt=0, le=60, description="Days of nothing but failures after which an endpoint is switched off."
    )
    webhooks_wait_d: float = Field(
        7.0, gt=0, le=60, description="Days for which messages wait for an endpoint that is paused or off."
    )
    webhooks_kept_d: float = Field(
        30.0, gt=0, le=3650, description="Days for which what came of a message is kept, and it can be sent again."
    )
