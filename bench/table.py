"""The table: each figure, the target beside it, and whether it was reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: its name in results.json, how it reads, the target in words and, where there is one, the test."""

    name: str
    text: str
    shape: str
    target: str
    reached: Callable[[Figures], bool] | None = None


FLAT_MB, FLAT_FILES, BATCH_FLAT_MB = 10.0, 5.0, 50.0


def _holds(covered: float) -> bool:
    """A range stated at 80% holds as often as it says, as far as a few groups or deals can tell."""
    return 0.72 <= covered <= 0.88


LINES = (
    Line(
        "e2e_vs_plain_router", "sustained end to end / the plain router", "{:.1f} x", "at least 10 x",
        lambda f: f["e2e_vs_plain_router"] >= 10,
    ),
    Line("e2e_vs_plain_functions", "  / the same rules as plain functions", "{:.2f}", "reported"),
    Line("always_vs_everysec", "  fsync always / everysec", "{:.2f}", "reported"),
    Line("performed_per_s", "  with every effect performed as well: leads/s", "{:,.0f}", "reported"),
    Line(
        "accept_vs_plain_router", "acceptance alone / check-then-set", "{:.1f} x", "at least 3 x",
        lambda f: f["accept_vs_plain_router"] >= 3,
    ),
    Line("accept_vs_hello", "  / a bare hello", "{:.2f}", "at least 0.20", lambda f: f["accept_vs_hello"] >= 0.2),
    Line("accept_p50_ms", "  p50", "{:.1f} ms", "reported"),
    Line(
        "accept_p99_ms", "  p99", "{:.1f} ms", "at most 5 x p50",
        lambda f: f["accept_p99_ms"] <= 5 * f["accept_p50_ms"],
    ),
    Line("decision_p50_ms", "acceptance to decision (half load): p50", "{:.1f} ms", "reported"),
    Line(
        "decision_p99_ms", "  p99", "{:.1f} ms", "at most 6 x p50; idle machine: under 100 ms",
        lambda f: f["decision_p99_ms"] <= 6 * f["decision_p50_ms"] and f["decision_p99_ms"] < 100,
    ),
    Line("performed_decision_p50_ms", "  at half of what is performed as well: p50", "{:.1f} ms", "reported"),
    Line("performed_decision_p99_ms", "  p99", "{:.1f} ms", "reported"),
    Line("rss_growth_mb", "memory growth: web, worker, dispatcher", "{:+.1f} MB", f"flat (at most {FLAT_MB:.0f} MB)",
         lambda f: f["rss_growth_mb"] <= FLAT_MB),
    Line("open_files_growth", "open files growth, the same", "{:+.0f}", f"flat (at most {FLAT_FILES:.0f})",
         lambda f: f["open_files_growth"] <= FLAT_FILES),
    Line("routing_per_s", "routing alone, 100 rules: leads/s of a core", "{:,.0f}", "at least 50,000",
         lambda f: f["routing_per_s"] >= 50_000),
    Line("scoring_one_us", "one lead scored and explained, in process: p50", "{:,.0f} us", "under 1,000 us",
         lambda f: f["scoring_one_us"] < 1000),
    Line("scoring_batch_us", "  in a batch of 32, a lead", "{:,.0f} us", "under 150 us",
         lambda f: f["scoring_batch_us"] < 150),
    Line("scoring_naive_us", "  predict_proba on a one-row DataFrame", "{:,.0f} us", "reported"),
    Line("scoring_naive_explained_us", "  the same with its explanation", "{:,.0f} us", "reported"),
    Line("proof_s", "proof of 400 rules over six dimensions", "{:.2f} s", "under 5 s", lambda f: f["proof_s"] < 5),
    Line("check_s", "  rules check of the sample file, as a command", "{:.2f} s", "under 1 s", lambda f: f["check_s"] < 1),
    Line("cold_start_s", "cold start to the first decided lead", "{:.1f} s", "under 5 s",
         lambda f: f["cold_start_s"] < 5),
    Line("plan_s", "rules plan over 10,000 past leads", "{:.1f} s", "under 10 s", lambda f: f["plan_s"] < 10),
    Line("replay_s", "replay of 10,000 decisions", "{:.1f} s", "under 30 s", lambda f: f["replay_s"] < 30),
    Line("replay_differences", "  decisions that came out otherwise", "{:.0f}", "0",
         lambda f: f["replay_differences"] == 0),
    Line("reload_dropped", "leads dropped while the file is edited", "{:.0f}", "0", lambda f: f["reload_dropped"] == 0),
    Line("enrichment_none_us", "a lead's decision without enrichment, in a batch of 32", "{:,.0f} us", "reported"),
    Line("enrichment_facts_us", "  with the same facts out of a dictionary", "{:,.0f} us", "reported"),
    Line("enrichment_cached_us", "  with a paid provider whose answer is cached", "{:,.0f} us", "as the line above, + 5%",
         lambda f: f["enrichment_cached_us"] <= 1.05 * f["enrichment_facts_us"]),
    Line("enrichment_port_us", "    of it in the waterfall", "{:,.1f} us", "at most 20 us",
         lambda f: f["enrichment_port_us"] <= 20),
    Line("enrichment_questions", "    questions to the provider meanwhile", "{:.0f}", "0",
         lambda f: f["enrichment_questions"] == 0),
    Line("enrichment_default_us", "  with form and bundled table, the default", "{:,.0f} us", "reported"),
    Line("enrichment_default_port_us", "    of it in the waterfall", "{:,.1f} us", "at most 20 us",
         lambda f: f["enrichment_default_port_us"] <= 20),
    Line("score_lead_p50_ms", "/score-lead, 64 at once, without a cache: p50", "{:.1f} ms", "reported"),
    Line("score_lead_p99_ms", "  p99", "{:.1f} ms", "under 300 ms", lambda f: f["score_lead_p99_ms"] < 300),
    Line("score_lead_cached_p50_ms", "  from the cache: p50", "{:.1f} ms", "reported"),
    Line("score_lead_cached_p99_ms", "  from the cache: p99", "{:.1f} ms", "under 300 ms",
         lambda f: f["score_lead_cached_p99_ms"] < 300),
    Line("score_lead_webhook_p99_ms", "  the webhook meanwhile (50 leads/s): p99", "{:.1f} ms", "reported"),
    Line("similar_exact_p50_ms", "similar accounts, exactly among 100,000: p50", "{:.1f} ms", "under 15 ms",
         lambda f: f["similar_exact_p50_ms"] < 15),
    Line("similar_exact_cpu_ms", "  processor time of it", "{:.1f} ms", "reported"),
    Line("similar_exact_p99_ms", "  p99", "{:.1f} ms", "reported"),
    Line("similar_graphs_recall", "  by graphs among 1,000,000: recall at 10", "{:.3f}", "at least .95",
         lambda f: f["similar_graphs_recall"] >= 0.95),
    Line("similar_graphs_p50_ms", "  p50", "{:.1f} ms", "reported"),
    Line("similar_graphs_p99_ms", "  p99", "{:.1f} ms", "reported"),
    Line("similar_graphs_build_s", "  graphs built and gated in", "{:,.0f} s", "reported"),
    Line("similar_graphs_memory_mb", "  memory that searching adds", "{:,.0f} MB", "reported"),
    Line("similar_graphs_disk_gb", "  on disk", "{:.1f} GB", "reported"),
    Line("reload_misrouted", "  misrouted", "{:.0f}", "0", lambda f: f["reload_misrouted"] == 0),
    Line("batch_rows_per_s", "batch scoring of 1,000,000 rows, without reasons: rows/s", "{:,.0f}", "at least 100,000",
         lambda f: f["batch_rows_per_s"] >= 100_000),
    Line("batch_rows_per_cpu_s", "  rows per second of processor time", "{:,.0f}", "reported"),
    Line("batch_memory_growth_mb", "  memory growth, tenth batch to last", "{:+.0f} MB", f"flat (at most {BATCH_FLAT_MB:.0f} MB)",
         lambda f: f["batch_memory_growth_mb"] <= BATCH_FLAT_MB),
    Line("dedupe_per_s", "bulk duplicates of 1,000,000 records, CSV to groups: records/s", "{:,.0f}", "finishes"),
    Line("dedupe_peak_mb", "  peak memory", "{:,.0f} MB", "reported"),
    Line("dedupe_precision", "  precision of the groups, by pairs", "{:.4f}", "reported"),
    Line("dedupe_recall", "  recall of the groups, of all true pairs", "{:.3f}", "reported"),
    Line("dedupe_all_precision", "  precision of all pairs written", "{:.4f}", "reported"),
    Line("dedupe_all_recall", "  recall of all pairs written", "{:.3f}", "reported"),
    Line("person_lookup_us", "online: is the person known, batch of 32, a lead", "{:,.0f} us", "reported"),
    Line("x_auc", "X Education, intake fields, five folds: ROC-AUC", "{:.3f}", "at least .82", lambda f: f["x_auc"] >= 0.82),
    Line("x_ece", "  ECE", "{:.3f}", "at most .03", lambda f: f["x_ece"] <= 0.03),
    Line("x_ranges", "  one hash split: groups within their 80% range", "{:.0%}", "72% to 88%",
         lambda f: _holds(f["x_ranges"])),
    Line("x_held_out_ece", "  ECE of one hash split (1,500 rows: chance alone shows .03)", "{:.3f}", "reported"),
    Line("x_fold_ranges", "  five folds: groups (five times as large) within their range", "{:.0%}", "reported"),
    Line("x_full_auc", "  with occupation and what matters: ROC-AUC", "{:.3f}", "at least .87",
         lambda f: f["x_full_auc"] >= 0.87),
    Line("bank_auc", "Bank without duration: ROC-AUC", "{:.3f}", "at least .77", lambda f: f["bank_auc"] >= 0.77),
    Line("bank_time_auc", "  later months: ROC-AUC", "{:.3f}", "reported"),
    Line("bank_drift_months", "  later months whose calibration is flagged", "{:.0f}", "at least 1",
         lambda f: f["bank_drift_months"] >= 1),
    Line("bank_brier_before", "  Brier of later months as trained", "{:.3f}", "reported"),
    Line("bank_brier_after", "  each recalibrated on the month before", "{:.3f}", "lower, beyond chance",
         lambda f: f["bank_brier_gain_high"] < 0),
    Line("acv_r2", "Maven contract value per parent, 10 folds: R2", "{:.2f}", "at least .5", lambda f: f["acv_r2"] >= 0.5),
    Line("acv_spearman", "  Spearman", "{:.2f}", "at least .6", lambda f: f["acv_spearman"] >= 0.6),
    Line("acv_ranges", "  within their 80% range", "{:.0%}", "72% to 88%", lambda f: _holds(f["acv_ranges"])),
    Line("won_signal", "Maven won/lost: usable signal found", "{:.0f}", "0", lambda f: f["won_signal"] == 0),
    Line("match_build_s", "index of 1,000,000 known accounts: built in", "{:.0f} s", "reported"),
    Line("match_index_mb", "  on disk", "{:.0f} MB", "reported"),
    Line("match_own_mb", "  memory of a process that opened it: its own", "{:.0f} MB", "reported"),
    Line("match_shared_mb", "  and shared with others", "{:.0f} MB", "reported"),
    Line("match_p50_ms", "one lead matched, all kinds: p50", "{:.2f} ms", "reported"),
    Line("match_p99_ms", "  p99", "{:.2f} ms", "under 20 ms", lambda f: f["match_p99_ms"] < 20),
    Line("match_batch_us", "  a lead of 256 that have an account's domain", "{:.1f} us", "at most 10 us",
         lambda f: f["match_batch_us"] <= 10),
    Line("days_ranges", "Maven days to close within their 80% range", "{:.0%}", "72% to 88%",
         lambda f: _holds(f["days_ranges"])),
)  # fmt: skip
NAMES = tuple(line.name for line in LINES)


def table(figures: Figures, detail: Mapping[str, Any]) -> str:
    """The lines whose figures are there, then what belongs beside them."""
    rows = [("figure", "measured", "target", "")]
    for line in LINES:
        if line.name in figures:
            met = "" if line.reached is None else "reached" if line.reached(figures) else "MISSED"
            rows.append((line.text, line.shape.format(figures[line.name]), line.target, met))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "-" * (sum(widths) + 6))
    return "\n".join([*lines, "", *beside(detail)])


def _matching(found: Mapping[str, Any] | None) -> list[str]:
    if not found:
        return []
    kinds = "; ".join(f"{kind} {at['p50_ms']:.2f}, {at['p99_ms']:.2f}" for kind, at in found["kinds"].items())
    return [
        f"match of one lead among {found['accounts']:,} accounts, p50 and p99 in ms: {kinds}",
        f"the index: {found['build_peak_mb']:,.0f} MB at the most while it is built, open in {found['open_ms']} ms",
    ]


def beside(detail: Mapping[str, Any]) -> list[str]:
    """The raw rates, and the two-process plain router."""
    told = []
    if found := detail.get("sustained"):
        told.append(_rates("sustained, leads/s", found["leads_per_s"]))
        told.append(f"against the plain router in two processes: {found['e2e_vs_plain_router_x2']:.1f} x")
        first = found["rounds"]["ours"][0]
        share = first["effects_performed_meanwhile"] / max(1, first["effects"])
        told.append(f"paths: {first['paths']}; effects performed while leads were decided: {share:.0%}")
    if found := detail.get("acceptance"):
        told.append(_rates(f"acceptance, requests/s over {found['connections']} connections", found["requests_per_s"]))
    if found := detail.get("latency"):
        told += [
            f"latency at {one['offered_per_s']:.0f} leads/s (open loop): acceptance p50 "
            f"{one['half_load_accept_p50_ms']:.1f} ms, p99 {one['half_load_accept_p99_ms']:.1f} ms"
            for one in found.values()
        ]
    told += _matching(detail.get("match"))
    if found := detail.get("endurance"):
        told.append("memory, MB: " + ", ".join(f"{when} {_megabytes(parts)}" for when, parts in found["parts"].items()))
        told.append("the stream's server holds {keys:,} keys, {waiting:,} entries wait".format(**found["stream"]))
    if found := detail.get("cold"):
        told.append(_rates("cold start, s", found["seconds"], "{:.1f}"))
    if found := detail.get("score_lead"):
        told.append(_rates("/score-lead, scores/s over 64 connections", found["scores_per_s"]))
    if found := detail.get("reload"):
        told.append(
            f"reload: {found['leads']:,} leads while the file was edited {found['edits']} times, a third of them badly"
        )
    told += [
        f"{name}: {detail[name]['decisions']:,} past decisions in {detail[name]['seconds']} s"
        for name in ("plan", "replay")
        if name in detail
    ]
    told += [
        f"scores, {name} skipped: {reason}" for name, reason in detail.get("scores", {}).get("skipped", {}).items()
    ]
    if found := detail.get("failed"):
        told += [f"{name} FAILED: {reason}" for name, reason in found.items()]
    if found := detail.get("machine"):
        told.append(", ".join(f"{name} {value}" for name, value in found.items()))
    return told


def _megabytes(parts: Mapping[str, Mapping[str, float]]) -> str:
    return "(" + ", ".join(f"{name} {part['rss_mb']:.0f}" for name, part in parts.items()) + ")"


def _rates(title: str, rates: Mapping[str, float], shape: str = "{:,.0f}") -> str:
    return f"{title}: " + ", ".join(f"{name} {shape.format(rate)}" for name, rate in rates.items())
