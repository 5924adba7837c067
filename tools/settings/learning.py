"""Settings of models: how they are trained and promoted, and who may ask for scores."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings


class Learning(BaseSettings):
    """What became of leads, and what is learned from it."""

    # learning
    conversion_window_d: int = Field(
        90, ge=1, le=730, description="Days a lead has to be won; younger leads say nothing about conversion yet."
    )
    promote_alpha: float = Field(
        0.05,
        gt=0,
        lt=0.5,
        description="Chance of promoting a model that is no better, over all looks at its challenge.",
    )
    promote_least_leads: int = Field(200, ge=20, description="Leads with a known outcome before a model is promoted.")
    promote_least_converted: int = Field(30, ge=5, description="Of them converted.")
    retrain_at: str = Field(
        "",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$",
        description="UTC time at which `serve` retrains each day; empty: never.",
    )
    retrain_share: float = Field(0.2, gt=0, le=1, description="Share of the accounts for a new challenger.")
    retrain_promote: bool = Field(False, description="Promote a challenger that won without asking anybody.")
    retrain_keep: int = Field(10, ge=1, description="Newest models that stay; one that ever served always stays.")

    # scores for whoever asks
    score_lead_open: bool = Field(
        False, description="POST /score-lead answers without the admin token: for systems of a closed network."
    )
    score_cache_places: int = Field(
        4096, ge=0, le=1_000_000, description="Scores of /score-lead kept in the stream's server, 2 kB each; 0: none."
    )
    score_cache_ttl_s: int = Field(3600, ge=1, le=86_400)
