"""The feature vector: one definition for serving and training, in one fixed order.

FEATURES_DIGEST changes with every name, code, document line and value: it is taken over the specifications and over the
vectors of a few probe leads, so that a model trained on other definitions is recognised before it scores anybody.
"""

from __future__ import annotations

import hashlib
import struct

from graph.domain.scoring import Feature
from graph.features import behavioural, demographic, engagement, firmographic, intent, temporal
from graph.features.activity import activity_of
from graph.features.inputs import FeatureInput
from graph.features.probes import PROBES

FEATURES: tuple[Feature, ...] = (
    *demographic.FEATURES,
    *firmographic.FEATURES,
    *behavioural.FEATURES,
    *intent.FEATURES,
    *temporal.FEATURES,
    *engagement.FEATURES,
)
NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)

_FLOATS = struct.Struct(f"<{len(FEATURES)}f")


def vector_of(inp: FeatureInput) -> tuple[float, ...]:
    """One value for each of FEATURES; NaN is unknown. Each is exact in float32, so that a recorded vector is the row
    that the model saw."""
    activity = activity_of(inp)
    row = (
        *demographic.values(inp),
        *firmographic.values(inp),
        *behavioural.values(activity),
        *intent.values(inp),
        *temporal.values(activity, inp.received_at),
        *engagement.values(activity, inp.prior, inp.open_opportunities),
    )
    return _FLOATS.unpack(_FLOATS.pack(*row))


def _digest() -> str:
    """SHA-256, first 16 hexadecimal digits, over the specifications and the probes' vectors."""
    seen = hashlib.sha256(repr(FEATURES).encode())
    for probe in PROBES:
        seen.update(_FLOATS.pack(*vector_of(probe)))
    for words in (
        intent.WORDS,
        intent.SOURCE_WORDS,
        firmographic.INDUSTRY_WORDS,
        demographic.FIT_OF,
        firmographic.FUNDING_WORDS,
    ):
        seen.update(repr(words).encode())
    return seen.hexdigest()[:16]


FEATURES_DIGEST: str = _digest()
