"""usearch graphs over a snapshot, one for each outcome, and the gate that they have to pass.

A graph proposes; what is near is computed exactly from the directions, so a graph can miss an account and never place one
wrongly. One graph an outcome: then the nearest won and the nearest lost account are always among the proposals.

The gate: for a sample of questions the ten nearest by the graphs are compared with the ten nearest of all. A question is
seven parts of one account of the block and three of another: an account itself is easier to find than what leads ask, such
a mixture a little harder (of 300,000: recall .998, .944, and .967 for leads; eight parts to two got .989). Structured
vectors have many accounts that lie equally near, so an answer counts by its distance: it is right when it is not farther
than the tenth. Below the gate the search looks wider, then the graphs are built denser; when nothing of that is enough,
the block is searched exactly.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from graph.domain.account import Outcome
from tools.account_metadata import ANY, OUTCOMES
from tools.similar.blocks import Block, Directions, of_outcome
from tools.similar.searching import nearest
from tools.similar.snapshot import Snapshot
from tools.similar.writing import note

Build: TypeAlias = tuple[Literal["i8", "f16"], int, int]
K = 10
QUERIES = 200
BUILDS: tuple[Build, ...] = (("i8", 16, 128), ("f16", 16, 128), ("f16", 32, 256))
"""How numbers are kept, connections of a node, and how wide a new node looks for them: the next where the one before was
not enough. i8 builds and searches in half the time of f16 and takes half the memory; it is enough for structured vectors,
whose numbers are few and large, and too coarse for some others."""
WIDTHS = (64, 128, 256, 512)
"""How wide a search looks: the next where the one before was not enough."""
_SPARE = 22  # proposals beyond k: those that were dropped since, and what coarse numbers rank wrongly
_ADDED = 20_000
_SAME = 1e-6
_SEED = 5


@dataclass(frozen=True, slots=True)
class Gate:
    """recall: the least share of the ten nearest that graphs must find. threads: for building."""

    recall: float = 0.95
    queries: int = QUERIES
    builds: tuple[Build, ...] = BUILDS
    widths: tuple[int, ...] = WIDTHS
    threads: int = 0


class Graphs:
    """Proposes rows of one snapshot."""

    def __init__(self, graphs: Mapping[Outcome, Any]) -> None:
        self._graphs = graphs

    def widen(self, width: int) -> None:
        for graph in self._graphs.values():
            graph.expansion_search = width

    def propose(self, direction: Directions, k: int) -> Iterable[int]:
        rows: list[int] = []
        for graph in self._graphs.values():
            rows += graph.search(direction, k + _SPARE, threads=1).keys.tolist()
        return rows

    def memory_bytes(self) -> int:
        return sum(graph.memory_usage for graph in self._graphs.values())


def opened(snapshot: Snapshot) -> Graphs | None:
    """The graphs that this snapshot is searched by, mapped from their files; None where it is searched exactly."""
    said = snapshot.manifest["search"]
    if said["by"] != "graphs":
        return None
    from usearch.index import Index  # noqa: PLC0415 - only large memories need it

    found = {one: Index.restore(str(_path(snapshot.folder, one)), view=True) for one in said["outcomes"]}
    graphs = Graphs(found)
    graphs.widen(said["width"])
    return graphs


def build(snapshot: Snapshot, gate: Gate) -> dict[str, Any]:
    """Build graphs that pass the gate, and note in the snapshot's manifest how it is searched; returns that note."""
    asked = _questions(snapshot, gate.queries)
    truth = true_distances(snapshot, asked)
    tries: list[dict[str, Any]] = []
    said: dict[str, Any] = {"by": "exact"}
    for numbers, connectivity, expansion in gate.builds:
        began = time.monotonic()
        built = _built(snapshot, (numbers, connectivity, expansion), gate.threads)
        took_s, graphs = round(time.monotonic() - began, 1), Graphs(built)
        for width in gate.widths:
            graphs.widen(width)
            recall = _recall(snapshot, graphs, asked, truth)
            how = {"numbers": numbers, "connectivity": connectivity, "expansion": expansion, "width": width}
            tries.append({**how, "recall": recall, "build_s": took_s})
            if recall >= gate.recall:
                for outcome, graph in built.items():
                    graph.save(str(_path(snapshot.folder, outcome)))
                said = {"by": "graphs", "outcomes": list(built), **how}
                break
        if said["by"] == "graphs":
            break
    best = max((one["recall"] for one in tries), default=0.0)
    said |= {"recall": tries[-1]["recall"] if said["by"] == "graphs" else best, "gate": gate.recall, "k": K}
    said |= {"queries": len(asked), "tries": tries}
    snapshot.manifest["search"] = said
    note(snapshot.folder, snapshot.manifest)
    return said


def recall_of(found: Iterable[float], true: NDArray[np.float64]) -> float:
    """The share of the true distances (ascending) that answers reach: one that is as near as the last of them counts."""
    near = sum(distance <= true[-1] + _SAME for distance in found)
    return float(min(near, len(true)) / len(true))


def _questions(snapshot: Snapshot, queries: int) -> Directions:
    drawn = np.random.default_rng(_SEED)
    alive = np.flatnonzero(snapshot.alive)
    rows = drawn.choice(alive, min(queries, len(alive)), replace=False)
    mixed = 0.7 * snapshot.directions(rows) + 0.3 * snapshot.directions(drawn.permutation(rows))
    lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
    found: Directions = (mixed / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    return found


def true_distances(snapshot: Snapshot, asked: Directions, k: int = K) -> list[NDArray[np.float64]]:
    """The distances of the k nearest to each direction, ascending, by comparing with every row."""
    keep = 4 * k  # of float32's ranking, so that float64's first k are among them
    best = np.full((len(asked), keep), -2.0, np.float32)
    where = np.zeros((len(asked), keep), np.intp)
    for start in range(0, len(snapshot), _ADDED):
        rows = np.arange(start, min(start + _ADDED, len(snapshot)))
        products = asked @ snapshot.directions(rows).T
        both = np.concatenate([best, products], axis=1)
        places = np.concatenate([where, np.broadcast_to(rows, products.shape)], axis=1)
        top = np.argpartition(-both, keep - 1, axis=1)[:, :keep]
        best, where = np.take_along_axis(both, top, axis=1), np.take_along_axis(places, top, axis=1)
    found = []
    for one, rows, likeness in zip(asked, where, best, strict=True):
        compared = snapshot.directions(rows[likeness > -2.0]).astype(np.float64)
        exact = np.vecdot(compared, one.astype(np.float64))
        found.append(np.sort(np.maximum(0.0, 1.0 - exact))[:k])
    return found


def _built(snapshot: Snapshot, how: Build, threads: int) -> dict[Outcome, Any]:
    from usearch.index import Index  # noqa: PLC0415

    numbers, connectivity, expansion = how
    graphs: dict[Outcome, Any] = {}
    for outcome in OUTCOMES:
        rows = of_outcome(snapshot, outcome, None)
        if not len(rows):
            continue
        graph = Index(
            ndim=snapshot.manifest["dimensions"],
            metric="ip",
            dtype=numbers,
            connectivity=connectivity,
            expansion_add=expansion,
            enable_key_lookups=False,
        )
        for start in range(0, len(rows), _ADDED):
            part = rows[start : start + _ADDED]
            graph.add(part.astype(np.uint64), snapshot.directions(part), threads=threads or os.cpu_count() or 1)
        graphs[outcome] = graph
    return graphs


def _recall(snapshot: Snapshot, graphs: Graphs, asked: Directions, truth: list[NDArray[np.float64]]) -> float:
    def propose(_: Block, direction: Directions, k: int) -> Iterable[int]:
        return graphs.propose(direction, k)

    total = 0.0
    for one, true in zip(asked, truth, strict=True):
        hits = nearest((snapshot,), one, K, wanted=ANY, reach=2.0, propose=propose, told=False)
        total += recall_of([hit.distance for hit in hits], true) if len(true) else 1.0
    return round(total / len(asked), 4) if len(asked) else 1.0


def _path(folder: Path, outcome: Outcome) -> Path:
    return folder / f"{outcome}.usearch"
