"""Accounts as bytes: one record after another in a single array, read where it lies. Text alone, nothing is executed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.accounts.known import KnownAccount

_FIELD, _ITEM = "\x1f", "\x1e"
_APART = str.maketrans({_FIELD: " ", _ITEM: " "})


def packed(account: KnownAccount) -> bytes:
    """A separator inside of a text becomes a blank; lone surrogates become question marks."""
    names = _ITEM.join(name.translate(_APART) for name in account.names)
    texts = (
        account.parent,
        account.country,
        account.state,
        account.city,
        account.postal,
        account.street,
        account.phone,
    )
    fields = (account.key, names, _ITEM.join(account.domains), *((text or "").translate(_APART) for text in texts))
    return _FIELD.join(fields).encode("utf-8", "replace")


def unpacked(record: bytes) -> KnownAccount:
    key, names, domains, parent, country, state, city, postal, street, phone = record.decode().split(_FIELD)
    return KnownAccount(
        key,
        tuple(names.split(_ITEM)) if names else (),
        tuple(domains.split(_ITEM)) if domains else (),
        parent or None,
        country or None,
        state or None,
        city or None,
        postal or None,
        street or None,
        phone or None,
    )


class Records:
    """bytes: all records; starts: where each begins, one more than there are."""

    def __init__(self, content: NDArray[np.uint8], starts: NDArray[np.uint64]) -> None:
        self._content = memoryview(content)  # type: ignore[arg-type] # numpy's types know no buffers before 3.12
        self._starts = memoryview(starts)  # type: ignore[arg-type] # as above

    def __len__(self) -> int:
        return len(self._starts) - 1

    def raw(self, number: int) -> bytes:
        return bytes(self._content[self._starts[number] : self._starts[number + 1]])

    def key_and_domains(self, number: int) -> tuple[str, list[str]]:
        """What every lead pays for: the fields that an exact domain needs."""
        key, _, domains, _ = self.raw(number).decode().split(_FIELD, 3)
        return key, domains.split(_ITEM)

    def __getitem__(self, number: int) -> KnownAccount:
        return unpacked(self.raw(number))
