"""Spares a start what packages import and serving never uses: a sixth of the time until the parts run.

hidden   an optional extra that a package tries for at its own import (structlog: rich, for colours on a terminal) is not
         found then; imported later by anybody else it is there
shelled  a package whose `__init__` imports all of it for the sake of one module inside runs that `__init__` when a name of
         it is first asked for (as PEP 562 lets a package do by itself)

Nothing behaves otherwise: what is asked for is there, only later. A package that is missing is left alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

HIDDEN = {
    "structlog": ("rich", "better_exceptions"),
    "redis": ("opentelemetry",),
    "tenacity": ("tornado",),
    "httpx": ("click", "rich", "pygments"),
}
SHELLED = ("langgraph_sdk", "langsmith.types")
ASKED_FOR = frozenset({"__all__", "__version__"})


def lean() -> None:
    """Before anything else imports these packages; what is imported already stays as it is."""
    for package, extras in HIDDEN.items():
        with hidden(*extras):
            importlib.import_module(package)
    for package in SHELLED:
        shell(package)


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """These packages are not found within, unless they were imported before."""
    absent = [name for name in names if name not in sys.modules]
    modules: dict[str, Any] = sys.modules
    modules |= dict.fromkeys(absent)
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def shell(name: str) -> None:
    """Put a package in place without running its `__init__`, until a name is asked for that is not there."""
    if name in sys.modules or (spec := importlib.util.find_spec(name)) is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    _fill_when_asked(module, spec.loader.exec_module)
    sys.modules[name] = module
    parent, _, tail = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], tail, module)


def _fill_when_asked(module: ModuleType, run: Any) -> None:
    lock, running = threading.RLock(), [False]

    def asked(name: str) -> Any:
        if name.startswith("__") and name not in ASKED_FOR:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        with lock:
            if not running[0] and vars(module).get("__getattr__") is asked:
                running[0] = True
                run(module)
                if vars(module).get("__getattr__") is asked:  # else the package has one of its own
                    del module.__getattr__
        return getattr(module, name)

    module.__getattr__ = asked  # type: ignore[method-assign]
