"""Our own rules as plain functions in a loop: `python -m bench.peers.plain_functions MODELS SECONDS` prints one JSON object.

No graph, stream, HTTP or store, one process: what is left of a lead's cost when everything around the decision is taken
away. The same rules and embedded ports as in the product, up to the serialised record; history, pools and the CRM, which
live in the store, are empty.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench import leads
from graph.domain.account import Family
from graph.domain.effects import Effect, PostAlert
from graph.domain.facts import Absent, value_of
from graph.domain.lead import Form, Lead, Submission
from graph.domain.routing import PoolState
from graph.domain.table import RoutingTable
from graph.features.inputs import feature_input
from graph.features.vector import FEATURES, vector_of
from graph.nodes.alerting import draft_of
from graph.nodes.enrich import company_ask
from graph.nodes.route import facts_of as routing_facts_of
from graph.nodes.shell import lead_of, parts_of
from graph.ports import AccountQuery, JudgeAsk, NoteAsk
from graph.record import parent_of, record_bytes, record_of
from graph.rules.blocks import message_of
from graph.rules.brief import facts_of, with_note
from graph.rules.identity import capture
from graph.rules.nurture import sequence_for, unsure_of, way_for
from graph.rules.rollup import roll_up
from graph.rules.routing import route
from graph.rules.scoring import blend
from graph.rules.writes import crm_writes, enrolment, follow_up, memory
from graph.state import Case, Reads, RunContext
from tools.embedded.enrichment import BundledEnrichment
from tools.embedded.judge import RuleJudge
from tools.embedded.writer import TemplateWriter
from tools.ml.registry import ensure_bootstrap
from tools.routing_file.live import load
from tools.similar.table import ExactSimilar
from tools.versions import versions_of
from tools.wiring import DATA
from tools.xgb import XgbScorer

ROOT = Path(__file__).resolve().parents[2]
BATCH = 64
NEIGHBOURS = 3


class Rules:
    """The embedded ports and the routing file, loaded once; `pools` goes on from batch to batch."""

    def __init__(self, models: Path) -> None:
        self.scorer = XgbScorer(ensure_bootstrap(models))
        self.enrichment = BundledEnrichment(DATA / "companies.csv")
        self.similar = ExactSimilar(DATA / "accounts.csv")
        self.judge, self.writer = RuleJudge(), TemplateWriter()
        self.table: RoutingTable = load(ROOT / "infra" / "routing.json")
        self.versions = versions_of(self.table.digest, self.scorer.digest)
        self.pools: dict[str, PoolState] = {}

    async def decide(self, batch: Sequence[Submission]) -> list[bytes]:
        """The decision records of these submissions."""
        now = datetime.now(UTC)
        context = RunContext(now, self.table, self.versions, None, "http://127.0.0.1:8000")  # type: ignore[arg-type]
        found = [capture(one.form, one.lead_id, one.received_at) for one in batch]
        profiles = await self.enrichment.profiles([company_ask(lead) for lead in found], now)
        asks = [JudgeAsk(lead.message, lead.title, lead.company, lead.industry, lead.source) for lead in found]
        judged = await self.judge.judge(asks, now)
        nothing = Absent("store", now)
        reads = [
            Reads(prior=nothing, profile=profile, crm=nothing, judgement=judgement)
            for profile, judgement in zip(profiles, judged, strict=True)
        ]
        cases = self._scored(batch, found, reads)
        cases = [self._routed(case, now) for case in cases]
        return [record_bytes(record_of(case, context)) for case in await self._told(cases, context)]

    def _scored(self, batch: Sequence[Submission], found: Sequence[Lead], reads: Sequence[Reads]) -> list[Case]:
        vectors = [
            vector_of(feature_input(lead, value_of(read.profile), one.received_at))
            for one, lead, read in zip(batch, found, reads, strict=True)
        ]
        outputs = self.scorer.score(np.array(vectors, dtype=np.float32))
        cases = []
        for one, lead, read, vector, output in zip(batch, found, reads, vectors, outputs, strict=True):
            score = blend(output, vector, value_of(read.judgement), features=FEATURES, scorer=self.scorer.name)
            cases.append(Case(one, read, lead, vector, score))
        return cases

    def _routed(self, case: Case, now: datetime) -> Case:
        parent, score, lead = parent_of(case), case.score, lead_of(case)
        if score is None:
            raise RuntimeError("the lead was not scored")
        family = Family(parent) if parent else None
        account = roll_up(value_of(case.reads.profile), lead.domain, score.propensity, family, score.acv_usd)
        facts = routing_facts_of(case)
        assignment = route(facts, self.table, self.pools, now)
        if assignment.turn is not None:
            self.pools[assignment.turn.pool] = assignment.turn.after
        sequence = sequence_for(facts, self.table)
        unsure = sequence is not None and unsure_of(facts, self.table) is not None
        path = way_for(sequence, "submission", review=lead.needs_review, accepted=False, unsure=unsure)
        return dataclasses.replace(
            case, account=account, routing_facts=facts, assignment=assignment, path=path, sequence=sequence
        )

    async def _told(self, cases: Sequence[Case], context: RunContext) -> list[Case]:
        """The cases with their effects and, on the ways that have one, their alert."""
        asking = [case for case in cases if case.path != "nurture"]
        similar = await self.similar.nearest([_query(case) for case in asking], NEIGHBOURS, context.now)
        briefs = []
        for case, fact in zip(asking, similar, strict=True):
            like = dataclasses.replace(case, reads=dataclasses.replace(case.reads, similar=fact))
            briefs.append((like, draft_of(like, context)))
        notes = await self.writer.write([NoteAsk(c.submission.lead_id, facts_of(b)) for c, b in briefs], context.now)
        done = [_enrolled(case) for case in cases if case.path == "nurture"]
        for (case, brief), note in zip(briefs, notes, strict=True):
            message = message_of(with_note(brief, value_of(note) or ""))
            done.append(_alerted(case, message, brief.header, brief.summary))
        return done


def _query(case: Case) -> AccountQuery:
    lead, profile = lead_of(case), value_of(case.reads.profile)
    if profile is None:
        return AccountQuery(lead.domain, lead.company, lead.industry, lead.country, lead.employees, None)
    return AccountQuery(
        profile.domain, profile.name, profile.industry, profile.country, profile.employees, profile.revenue_usd,
        profile.technologies,
    )  # fmt: skip


def _enrolled(case: Case) -> Case:
    lead, (score, assignment) = lead_of(case), parts_of(case)
    writes = crm_writes(lead, value_of(case.reads.profile), score, "nurture", assignment)
    return dataclasses.replace(case, effects=(*writes, enrolment(lead, case.sequence or "", assignment)))


def _alerted(case: Case, message: dict[str, Any], header: str, summary: str) -> Case:
    lead, (score, assignment) = lead_of(case), parts_of(case)
    effects: tuple[Effect, ...] = (PostAlert(assignment.owner, assignment.slack, 1, message),)
    if case.path == "qualify":
        profile = value_of(case.reads.profile)
        writes = crm_writes(lead, profile, score, "qualify", assignment)
        effects = (*writes, follow_up(lead, assignment, header, summary), *memory(lead, profile), *effects)
    return dataclasses.replace(case, alert=message, effects=effects)


def submission(serial: int) -> Submission:
    """The lead of this serial number, as the acceptor would hand it on."""
    return Submission(f"s:{serial:032x}", f"ld_{serial:016d}", datetime.now(UTC), Form(**leads.lead(serial)))  # type: ignore[arg-type]


async def run(models: Path, seconds: float) -> dict[str, float]:
    """Decide leads for so long, after a first batch that warms up. The submissions are made outside of the time."""
    rules, done, spent, serial = Rules(models), 0, 0.0, 0
    while spent < seconds:
        batch = [submission(serial + i) for i in range(BATCH)]
        serial += BATCH
        began = time.perf_counter()
        records = await rules.decide(batch)
        if serial > BATCH:
            spent += time.perf_counter() - began
            done += len(records)
    return {"leads": done, "seconds": round(spent, 3), "leads_per_s": round(done / spent, 1)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Path(sys.argv[1]), float(sys.argv[2])))))
