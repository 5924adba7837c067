"""The plain router's acceptance alone: validate, check-then-set on the lead's key, answer 202. No work follows.

FastAPI with a pydantic model and one `SET NX` per request, against the server named by REDIS_URL. The model and the key
are the plain router's own (see `lead_form`), so the two differ by the work and by nothing else.
"""

from __future__ import annotations

import os

from fastapi import FastAPI
from redis.asyncio import Redis

from bench.peers.lead_form import KEY_TTL_S, LeadForm, lead_key

redis: Redis = Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))
app = FastAPI(title="plain acceptance")


@app.get("/health")
async def health() -> dict[str, str]:
    """Alive, and the key store answers."""
    await redis.ping()
    return {"status": "ok"}


@app.post("/webhooks/lead", status_code=202)
async def accept(form: LeadForm) -> dict[str, str]:
    """Set the key; a key that was there already makes this a duplicate."""
    lead_id = lead_key(form)
    first = await redis.set(f"lead:{lead_id}", b"1", nx=True, ex=KEY_TTL_S)
    return {"status": "accepted" if first else "duplicate", "lead_id": lead_id}
