"""Settings of form vendors and of events that come in."""

from __future__ import annotations

from pydantic_settings import BaseSettings


class Forms(BaseSettings):
    """Secrets of vendors, pages that may post from a browser."""
