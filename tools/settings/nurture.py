"""Settings of sequences of mails."""

from __future__ import annotations

from pydantic_settings import BaseSettings


class Nurture(BaseSettings):
    """Who sends them, and when."""
