"""How often ranks and functions of titles agree with a labelled collection: `python -m tests.graph.rules.labelled_titles`.

The collection is split in halves by a hash of the title; the word lists and the translation below were written with one
half in view, `seen`. Its areas mix rank and function ("VP Engineering" is Business there), so the translation asks for both.
"""

import csv
import hashlib
import os
from pathlib import Path

from graph.rules.titles import function_of, seniority

FOLDER = Path(os.environ.get("LEAD_DATA", Path(__file__).parents[4] / "shared" / "data")) / "job_titles"
LEVELS = {"c_level": "C-Suite", "vp": "VP", "director": "Director", "manager": "Manager"}
TECHNICAL = {"engineering", "it", "security", "data", "product"}


def level(title):
    return LEVELS.get(seniority(title), "Other")


def area(title):
    rank, function = seniority(title), function_of(title)
    if rank in {"c_level", "vp"}:
        return "Technical" if (rank, function) == ("c_level", "engineering") else "Business"
    if function in TECHNICAL:
        return "Technical"
    if function in {"marketing", "sales"}:
        return "Other" if rank == "individual" else "Sales-Marketing"
    return "Business" if rank == "director" and function not in {"hr", "customer", "executive"} else "Other"


READERS = {"level": level, "area": area}


def agreement(kind):
    """half -> (titles, share that agrees)."""
    with (FOLDER / f"{kind}_train.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    halves = {"seen": [], "held out": []}
    for row in rows:
        odd = hashlib.sha256(row["title"].encode()).digest()[0] & 1
        halves["held out" if odd else "seen"].append(READERS[kind](row["title"]) == row["label"])
    return {half: (len(hits), sum(hits) / len(hits)) for half, hits in halves.items()}


if __name__ == "__main__":
    for kind in READERS:
        for half, (count, share) in agreement(kind).items():
            print(f"{kind:6} {half:9} {count} titles, {share:.3f} agree")
