"""Settings of outgoing webhooks."""

from __future__ import annotations

from pydantic_settings import BaseSettings


class Outgoing(BaseSettings):
    """Who is told."""
