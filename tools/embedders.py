"""What makes vectors of accounts. Vectors of two embedders are of two worlds: an embedder's id goes wherever its vectors
go, and nothing compares vectors under different ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from graph.ports import AccountQuery
from tools.vectors import DIMENSIONS, EMBEDDER_ID, vector


class Embedder(Protocol):
    """Accounts as vectors of one length. embedder_id: ASCII, another for anything that would change a vector."""

    @property
    def embedder_id(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    async def embed(self, accounts: Sequence[AccountQuery]) -> Sequence[Sequence[float]]:
        """One vector for each account, in order; all zero where nothing is known of it. Raises ReadError."""
        ...


@runtime_checkable
class Computes(Protocol):
    """An embedder that asks nobody."""

    def computed(self, account: AccountQuery) -> NDArray[np.float32]: ...


class PureEmbedder:
    """An embedder that only computes."""

    def __init__(
        self, embedder_id: str, vector: Callable[[AccountQuery], ArrayLike], dimensions: int = DIMENSIONS
    ) -> None:
        self.embedder_id, self.dimensions, self._vector = embedder_id, dimensions, vector

    def computed(self, account: AccountQuery) -> NDArray[np.float32]:
        return np.asarray(self._vector(account), np.float32)

    async def embed(self, accounts: Sequence[AccountQuery]) -> list[list[float]]:
        return [np.asarray(self._vector(account), dtype=np.float64).tolist() for account in accounts]


STRUCTURED = PureEmbedder(EMBEDDER_ID, vector)


def direction(made: Sequence[float]) -> NDArray[np.float32]:
    """A vector at length 1; all zero stays so."""
    exact = np.asarray(made, np.float64)
    length = float(np.linalg.norm(exact))
    return (exact / length if length else exact).astype(np.float32)
