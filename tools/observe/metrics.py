"""The catalogue of metrics. A metric that is not declared here does not exist; names start with `lead_`.

Web, worker and dispatcher are processes of their own: with PROMETHEUS_MULTIPROC_DIR set each writes its part there and
/metrics shows the sum.
"""

from __future__ import annotations

import os
import time
from collections import Counter as Tally
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

from graph.domain.facts import Found, value_of
from graph.rules.profiling import FIELDS
from graph.state import BatchState, Case, RunContext

if TYPE_CHECKING:  # a second of imports that only the worker needs
    from langgraph.runtime import Runtime

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

accepted = Counter("lead_accepted", "Submissions answered 202 for the first time.", ["form"])
duplicates = Counter("lead_duplicates", "Submissions that were known already.", ["form"])
rejected = Counter("lead_rejected", "Requests answered with an error.", ["status"])
form_deliveries = Counter(
    "lead_form_deliveries", "Deliveries of form vendors, by the answer's status.", ["vendor", "status"]
)
accept_seconds = Histogram("lead_accept_seconds", "From the body's last byte to the answer.", buckets=FAST)
decided = Counter("lead_decided", "Decisions committed.", ["path"])
owned = Counter("lead_owned", "Decisions committed, by owner.", ["owner"])
decision_seconds = Histogram("lead_decision_seconds", "From acceptance to the committed decision.", buckets=FAST)
alert_seconds = Histogram("lead_alert_seconds", "From acceptance to the posted alert.", buckets=FAST)
batch_seconds = Histogram("lead_batch_seconds", "A batch's time in one stage.", ["stage"], buckets=FAST)
batch_leads = Histogram("lead_batch_leads", "Leads in a batch.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256))
lead_failures = Counter("lead_failures", "Leads that failed in a node and were put aside.", ["node"])
dead_letters = Counter("lead_dead_letters", "Given up, kept for replay.", ["kind"])
conflicts = Counter("lead_conflicts", "Batches decided anew after a lost race.")
taken_over = Counter("lead_taken_over", "Entries taken over from a worker that gave no sign of life.")
outages = Counter("lead_outages", "Waits for a part that was away.", ["part"])
effects = Counter("lead_effects", "Outcomes of effects.", ["vendor", "kind", "outcome"])
vendor_errors = Counter("lead_vendor_errors", "Errors of vendors, by class.", ["vendor", "error"])
breaker_open = Gauge("lead_breaker_open", "1 while a vendor's breaker is open.", ["vendor"], multiprocess_mode="max")
not_understood = Counter("lead_not_understood", "Values that were typed and not understood, by field.", ["field"])
flagged = Counter("lead_flagged", "Findings about submissions, by code of the flag.", ["flag"])
reads = Counter("lead_reads", "Facts read, by port and kind.", ["port", "kind"])
enrichment_answers = Counter(
    "lead_enrichment_answers", "Answers about companies, by source and outcome.", ["source", "outcome"]
)
enrichment_cents = Counter("lead_enrichment_cents", "US cents spent on company facts, by source.", ["source"])
enrichment_off = Gauge(
    "lead_enrichment_off",
    "1 while a source of company facts is switched off.",
    ["source"],
    multiprocess_mode="mostrecent",
)
outbox_depth = Gauge("lead_outbox_depth", "Effects not done.", ["vendor", "state"], multiprocess_mode="mostrecent")
timers = Gauge("lead_timers", "Reminders and deadlines that are not due yet.", multiprocess_mode="mostrecent")
judgements = Counter("lead_judgements", "Judgements that decisions rest on, by who judged.", ["source"])
late_answers = Counter(
    "lead_late_answers",
    "Answers to what was asked after a decision, by kind of effect and what followed: noted, anew (decided again), stale, "
    "no_alert; of a language model refused (said what it must not); of missing facts kept and nothing new; of what a person "
    "did kept and closed.",
    ["kind", "outcome"],
)
events = Counter(
    "lead_events",
    "Events told of people over HTTP, by type and what became of them: kept, duplicate; refused has no type.",
    ["type", "outcome"],
)
event_seconds = Histogram("lead_event_seconds", "From an events request's last byte to its answer.", buckets=FAST)
questions = Counter(
    "lead_questions", "Decisions, by the field that is worth asking for next; none where nothing is.", ["field"]
)
questions_shown = Counter("lead_questions_shown", "Questions that a form was given to put, by field.", ["field"])
answers = Counter(
    "lead_answers", "Submissions that answer such a question, by field and outcome: given, blank.", ["field", "outcome"]
)
nurture_steps = Counter(
    "lead_nurture_steps", "Steps of sequences that came due, by what came of them.", ["sequence", "did"]
)
sla = Counter("lead_sla", "Promises kept and broken, by kind (accept, touch) and SLA.", ["kind", "sla", "outcome"])
slack_requests = Counter(
    "lead_slack_requests",
    "What people did in Slack, by kind (click, form, command, note) and outcome: ok, late (answered before it was done), "
    "replayed, failed, dropped.",
    ["kind", "outcome"],
)
scored = Counter("lead_scored", "Decisions committed, by the model that scored them.", ["model"])
model_fault = Gauge(
    "lead_model_fault", "1 while a chosen model is not used because it does not load.", multiprocess_mode="livemax"
)
drift_findings = Gauge("lead_drift_findings", "What the last look at drift found.", multiprocess_mode="mostrecent")
scores = Counter("lead_scores", "Scores given to whoever asked /score-lead, by source.", ["source"])
score_seconds = Histogram("lead_score_seconds", "From the request of a score to its answer.", buckets=FAST)
stream_backlog = Gauge(
    "lead_stream_backlog", "Submissions accepted and not yet decided.", multiprocess_mode="mostrecent"
)


def timed(name: str, node: Callable[..., Awaitable[dict[str, Any]]]) -> Callable[..., Awaitable[dict[str, Any]]]:
    """The node with its duration observed, as a stage of its name."""
    stage = batch_seconds.labels(name)

    async def observed(state: BatchState, runtime: Runtime[RunContext]) -> dict[str, Any]:
        started = time.perf_counter()
        try:
            return await node(state, runtime)
        finally:
            stage.observe(time.perf_counter() - started)

    return observed


def count_decisions(cases: Sequence[Case], now_s: float) -> None:
    """A committed batch. What can be summed is summed first: each step of a shared counter costs microseconds."""
    paths: Tally[tuple[str, ...]] = Tally()
    owners: Tally[tuple[str, ...]] = Tally()
    facts: Tally[tuple[str, ...]] = Tally()
    missed: Tally[tuple[str, ...]] = Tally()
    strange: Tally[tuple[str, ...]] = Tally()
    flags: Tally[tuple[str, ...]] = Tally()
    judged: Tally[tuple[str, ...]] = Tally()
    models: Tally[tuple[str, ...]] = Tally()
    for case in cases:
        paths[str(case.path),] += 1
        models[case.model or "none",] += 1
        if case.assignment is not None:
            owners[case.assignment.owner,] += 1
        if case.submission.cause == "missed":
            prior = value_of(case.reads.prior)
            missed["accept", (prior.sla if prior else None) or "none", "missed"] += 1
        if case.lead is not None:
            strange.update((unknown.field,) for unknown in case.lead.unknown)
            flags.update((flag.code,) for flag in case.lead.flags)
        decision_seconds.observe(max(0.0, now_s - case.submission.received_at.timestamp()))
        reads_of = case.reads
        if isinstance(reads_of.judgement, Found):
            judged[reads_of.judgement.source,] += 1
        for name, fact in zip(
            ("profile", "crm", "judgement", "similar", "note"),
            (reads_of.profile, reads_of.crm, reads_of.judgement, reads_of.similar, reads_of.note),
            strict=True,
        ):
            if fact is not None:
                facts[name, fact.kind] += 1
    counted = (
        (decided, paths), (owned, owners), (reads, facts), (not_understood, strange), (sla, missed), (scored, models),
        (judgements, judged), (flagged, flags), *_questions(cases),
    )  # fmt: skip
    for counter, tally in counted:
        for labels, count in tally.items():
            counter.labels(*labels).inc(count)


def _questions(cases: Sequence[Case]) -> tuple[tuple[Counter, Tally[tuple[str, ...]]], ...]:
    """What is worth asking next, and what was answered of what was asked."""
    asked: Tally[tuple[str, ...]] = Tally()
    answered: Tally[tuple[str, ...]] = Tally()
    for case in cases:
        form = case.submission.form
        asked[case.next_question.field if case.next_question else "none",] += 1
        if form.asked in FIELDS and case.submission.cause == "submission":
            answered[form.asked, "blank" if getattr(form, form.asked) is None else "given"] += 1
    return (questions, asked), (answers, answered)


def exposition() -> bytes:
    """Prometheus' text format, over all processes."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
