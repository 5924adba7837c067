"""Ways in which a vendor fails to answer, and the reason a read must give for each. Every live adapter meets all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.servers.base import DROP, HALF, LOSE, Answer, Request

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

FAULTS = [
    pytest.param(Answer(401, {"error": "key"}), "unauthorised", id="401"),
    pytest.param(Answer(403, {"error": "plan"}), "unauthorised", id="403"),
    pytest.param(Answer(402, {"error": "credits"}), "quota exhausted", id="402"),
    pytest.param(Answer(429, {"error": "slow"}, headers={"Retry-After": "30"}), "rate limited", id="429"),
    pytest.param(Answer(429, {"error": "slow"}), "rate limited", id="429 without a time"),
    pytest.param(Answer(500, "<h1>oops</h1>"), "vendor error", id="500"),
    pytest.param(Answer(503), "vendor error", id="503"),
    pytest.param(Answer(400, {"error": "what?"}), "refused", id="400"),
    pytest.param(Answer(200, "<html>captive portal</html>"), "invalid answer", id="html"),
    pytest.param(Answer(200, b"\xff\xfe\x00"), "invalid answer", id="bytes"),
    pytest.param(Answer(200, [1, 2]), "invalid answer", id="list"),
    pytest.param(Answer(200, "null"), "invalid answer", id="null"),
    pytest.param(Answer(200, b""), "invalid answer", id="empty"),
    pytest.param(DROP, "unreachable", id="dropped"),
    pytest.param(LOSE, "unreachable", id="lost"),
    pytest.param(HALF, "unreachable", id="half a body"),
]


def meaning(request: Request, *headers: str) -> dict[str, object]:
    """What a request says, without the headers that belong to the client's version or machine."""
    said: dict[str, object] = {name: request.headers.get(name) for name in headers}
    return {"method": request.method, "target": request.target, **said}
