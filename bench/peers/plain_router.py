"""The comparison: an inbound lead router such as a capable team writes in a week.

FastAPI, a key per submission in Redis (`SET NX`, then the work), one LangGraph run per lead, an XGBoost score with its
explanation, a flat routing map, one committed row per lead; vendors are no-ops that return at once. It is meant to be
decent work: coroutines throughout (the same as plain functions in FastAPI's thread pool is slower, its threads contend
for the interpreter), one thread per prediction, SQLite in WAL mode with an fsync per commit, a graph compiled once.
What it does not have is a stream, batches, an outbox and a way back: a lead whose process dies after its key is set is
lost.

Settings: REDIS_URL and DATABASE_URL (SQLAlchemy). For two cores run it with two uvicorn workers.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any, TypedDict

from fastapi import FastAPI
from langgraph.graph import END, START, StateGraph
from redis.asyncio import Redis
from sqlalchemy import JSON, Engine, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.schema import CreateTable

from bench.peers.lead_form import KEY_TTL_S, LeadForm, lead_key
from bench.peers.plain_model import FREE_MAIL, Model

ROUTES = {
    "US": "us-team@company.com",
    "CA": "canada-team@company.com",
    "GB": "emea-team@company.com",
    "DE": "emea-team@company.com",
    "FR": "emea-team@company.com",
    "DEFAULT": "general@company.com",
}


class Base(DeclarativeBase):
    """The tables."""


class Decision(Base):
    """One decided lead."""

    __tablename__ = "decisions"
    lead_id: Mapped[str] = mapped_column(primary_key=True)
    decided_at: Mapped[datetime]
    email: Mapped[str]
    path: Mapped[str]
    owner: Mapped[str]
    score: Mapped[float]
    explanation: Mapped[dict[str, Any]] = mapped_column(JSON)
    lead: Mapped[dict[str, Any]] = mapped_column(JSON)
    summary: Mapped[str]


class State(TypedDict, total=False):
    """What the graph carries for one lead."""

    form: LeadForm
    lead: dict[str, Any]
    company: dict[str, Any]
    score: float
    explanation: dict[str, float]
    parent_score: float
    path: str
    owner: str
    summary: str
    nurture: str


def connect(url: str) -> Engine:
    """The database with its table; SQLite with a write-ahead log and an fsync per commit."""
    engine = create_engine(url, connect_args={"timeout": 30} if url.startswith("sqlite") else {})

    @event.listens_for(engine, "connect")
    def durable(raw: Any, _: Any) -> None:
        if url.startswith("sqlite"):
            raw.execute("PRAGMA journal_mode=WAL")
            raw.execute("PRAGMA synchronous=FULL")

    with engine.begin() as connection:  # "if not exists", because two workers start at the same time
        connection.execute(CreateTable(Base.metadata.tables[Decision.__tablename__], if_not_exists=True))
        connection.exec_driver_sql("CREATE INDEX IF NOT EXISTS decisions_email ON decisions (email)")
    return engine


model = Model()
engine = connect(os.environ.get("DATABASE_URL", "sqlite:///plain.db"))
redis: Redis = Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))


async def vendor(*_: object) -> None:
    """Enrichment, CRM, Slack and the mail sequence, all answering at once with nothing."""


async def capture(state: State) -> State:
    """Normalise what was typed."""
    form = state["form"]
    lead = form.model_dump(exclude_none=True)
    lead["email"] = form.email.strip().lower()
    lead["domain"] = lead["email"].rsplit("@", 1)[1]
    lead["country"] = {"UK": "GB", "USA": "US"}.get((form.country or "").upper(), (form.country or "").upper())
    return {"lead": lead}


async def enrich(state: State) -> State:
    """Ask the vendor for the company."""
    await vendor("enrich", state["lead"]["domain"])
    return {"company": {"domain": state["lead"]["domain"], "parent": None}}


async def score(state: State) -> State:
    """P(convert) and its explanation."""
    probability, parts = model.score(state["lead"])
    return {"score": probability, "explanation": parts}


async def rollup(state: State) -> State:
    """The parent is worth what its best subsidiary is worth."""
    return {"parent_score": max(state["score"], state["company"].get("best_subsidiary", 0.0))}


async def route(state: State) -> State:
    """An owner by country, and the way by score."""
    lead, worth = state["lead"], state["parent_score"]
    path = "manual_review" if lead["domain"] in FREE_MAIL else "qualify" if worth >= 0.5 else "nurture"
    return {"owner": ROUTES.get(lead["country"], ROUTES["DEFAULT"]), "path": path}


async def summarize(state: State) -> State:
    """What the owner reads."""
    lead = state["lead"]
    top = sorted(state["explanation"].items(), key=lambda part: -abs(part[1]))[:3]
    why = ", ".join(f"{name} {part:+.2f}" for name, part in top)
    who = f"{lead.get('full_name', lead['email'])}, {lead.get('title', 'no title')} at {lead.get('company', '?')}"
    return {"summary": f"{who}: {state['score']:.0%} ({why})"}


async def nurture(state: State) -> State:
    """Enrol a lead that is not ready."""
    await vendor("enrol", state["lead"]["email"])
    return {"nurture": "low_score_nurture"}


def build() -> Any:
    """The graph: six steps in a row, and nurture for the leads whose way it is."""
    graph = StateGraph(State)
    graph.add_sequence([capture, enrich, score, rollup, route, summarize])
    graph.add_node(nurture)
    graph.add_edge(START, "capture")
    graph.add_conditional_edges("summarize", lambda state: state["path"] == "nurture", {True: "nurture", False: END})
    graph.add_edge("nurture", END)
    return graph.compile()


run = build()
app = FastAPI(title="plain router")


@app.get("/health")
async def health() -> dict[str, str]:
    """Alive, and the key store answers."""
    await redis.ping()
    return {"status": "ok"}


async def decide(lead_id: str, form: LeadForm) -> State:
    """Run the graph, commit the decision, tell the vendors."""
    result: State = await run.ainvoke({"form": form})
    with Session(engine) as session:
        session.add(
            Decision(
                lead_id=lead_id,
                decided_at=datetime.now(UTC),
                email=result["lead"]["email"],
                path=result["path"],
                owner=result["owner"],
                score=result["score"],
                explanation=result["explanation"],
                lead=result["lead"],
                summary=result["summary"],
            )
        )
        session.commit()
    await vendor("crm", lead_id)
    await vendor("slack", lead_id)
    return result


@app.post("/webhooks/lead", status_code=202)
async def accept(form: LeadForm) -> dict[str, Any]:
    """Set the key, then do the work; a key that was there already makes this a duplicate."""
    lead_id = lead_key(form)
    if not await redis.set(f"lead:{lead_id}", b"1", nx=True, ex=KEY_TTL_S):
        return {"status": "duplicate", "lead_id": lead_id}
    result = await decide(lead_id, form)
    return {"status": "accepted", "lead_id": lead_id, "owner": result["owner"], "score": result["score"]}
