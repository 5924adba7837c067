"""What an error is called in a log line."""

from __future__ import annotations


def why(error: BaseException) -> str:
    """Its class, and the database's own code where there is one: `OperationalError SQLITE_FULL`, `OperationalError 57P03`.
    Never its text, which may quote a row: those are people's."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
