"""Digests of what a decision depends on besides its facts: the deciding code, the features, the prompts."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from graph.domain.trace import Versions
from graph.features.vector import FEATURES_DIGEST
from prompts import PROMPTS_DIGEST

ROOT = Path(__file__).resolve().parent.parent


@cache
def code_digest() -> str:
    """Over every file of graph/: two runs with the same digest decide the same."""
    digest = hashlib.blake2b(digest_size=12)
    for path in sorted((ROOT / "graph").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def versions_of(routing_digest: str, model_digest: str) -> Versions:
    return Versions(code_digest(), routing_digest, model_digest, FEATURES_DIGEST, PROMPTS_DIGEST)
