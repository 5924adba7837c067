"""The models of this installation: folders that vouch for themselves, and which of them serves.

folders   a model's folder: written whole, checked on loading
roles     `roles.json`: champion, challenger, and the log of who chose them, when and why
choosing  promote, challenge, roll back; a bootstrap model where none can serve
shipped   the bootstrap model that comes with the product, and the command that makes it again
pruning   what may be thrown away
"""

from tools.ml.registry.choosing import current, ensure_bootstrap, set_current
from tools.ml.registry.folders import (
    ACV,
    CARD,
    PROPENSITY,
    SIZE_KNOWN,
    SIZE_UNKNOWN,
    TIME,
    Model,
    ModelError,
    load,
    save,
)

__all__ = [
    "ACV",
    "CARD",
    "PROPENSITY",
    "SIZE_KNOWN",
    "SIZE_UNKNOWN",
    "TIME",
    "Model",
    "ModelError",
    "current",
    "ensure_bootstrap",
    "load",
    "save",
    "set_current",
]
