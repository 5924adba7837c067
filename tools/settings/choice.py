"""How an outside part runs."""

from __future__ import annotations

from typing import Literal, TypeAlias

Choice: TypeAlias = Literal["embedded", "live"]
