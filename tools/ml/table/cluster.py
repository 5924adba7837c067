"""Batches answered by the workers of a Dask cluster, handed back in the file's order: the same numbers as here, since a
batch is answered by its rows alone and by the same code.

The file is read here and sent in batches, so workers need no access to it; they need this repository and its packages.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tools.ml.table.reading import TableError
from tools.ml.table.scoring import Answered, Scorer

if TYPE_CHECKING:
    import polars as pl
    from distributed import Client, Future

LOCAL = "local"
AHEAD = 2
"""Batches under way for each worker thread: enough that none waits, few enough that memory stays flat."""
_WAIT_S = 15


@contextmanager
def cluster(address: str) -> Iterator[Cluster]:
    """address: tcp://host:port of a scheduler, or `local` for a process a core on this machine. Raises TableError where
    nobody answers there."""
    try:
        from distributed import Client, LocalCluster  # noqa: PLC0415 - an optional group of packages
    except ImportError:
        raise TableError("--dask needs the packages of the group `cluster`: uv sync --group cluster") from None
    if address == LOCAL:
        with LocalCluster(dashboard_address=None, processes=True, threads_per_worker=1) as own, Client(own) as client:
            yield Cluster(client)
        return
    try:
        client = Client(address, timeout=_WAIT_S)
    except (OSError, ValueError) as error:
        raise TableError(f"--dask: no scheduler answers at {address} ({type(error).__name__})") from None
    with client:
        yield Cluster(client)


class Cluster:
    """`Cluster.spread` is a `scoring.Spread`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def spread(self, scorer: Scorer, batches: Iterable[tuple[int, pl.DataFrame]]) -> Iterator[Answered]:
        """The model goes to every worker once."""
        threads = sum(self._client.nthreads().values())
        if not threads:
            raise TableError("--dask: the cluster has no workers")
        sent = self._client.scatter(scorer, broadcast=True)
        waiting: deque[Future] = deque()
        for first, batch in batches:
            waiting.append(self._client.submit(_answer, sent, batch, first, pure=False))
            if len(waiting) > AHEAD * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _answer(scorer: Scorer, batch: pl.DataFrame, first: int) -> Answered:
    return scorer.answer(batch, first)
