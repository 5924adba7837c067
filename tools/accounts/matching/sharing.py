"""The accounts that share most of a name asked for: by the words that both hold, weighed by how rare they are."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from graph.rules.matching.names import FULL, misspelt
from tools.accounts.matching.building import Arrays, slips
from tools.accounts.matching.tables import Spans, Table

MOST_POSTINGS: Final = 50_000
"""Names looked at for the words of one ask; words that more have are only counted where a rarer one is there too."""
FEW: Final = 64
"""Names up to which plain Python is quicker than a dozen calls of numpy."""
_SLACK: Final = 1e-3  # of a bound: weights are kept with 24 bits
_LEAST_WEIGHT: Final = float(np.float32(1e-9))
Numbers: TypeAlias = NDArray[np.uint32]
Scores: TypeAlias = NDArray[np.float64]
Weights: TypeAlias = dict[int, float]
"""Words of the book by number, with the weight that a name gains by holding them."""


def spelt(parts: tuple[str, ...]) -> dict[str, None]:
    """What the book may have in the place of these words: the same, two run together, one taken apart."""
    texts = dict.fromkeys((*parts, *(one + other for one, other in pairwise(parts))))
    for part in parts:
        texts |= dict.fromkeys([half for at in range(2, len(part) - 1) for half in (part[:at], part[at:])])
    return texts


class Sharing:
    """Reads alone; safe to share between threads."""

    def __init__(self, arrays: Arrays, words: Table, slips_: Table) -> None:
        self._words, self._slips = words, slips_
        self._weights, self._rows = arrays["words.weights"], arrays["postings.rows"]
        self._row_accounts, self._row_weights = arrays["rows.accounts"], arrays["rows.weights"]
        # single numbers come several times as quickly out of a buffer as out of an array
        self._counts, self._content, self._texts, self._starts = (
            memoryview(arrays[name])  # type: ignore[arg-type] # numpy's types know no buffers before 3.12
            for name in ("words.counts", "words.content", "words.starts", "postings.starts")
        )

    def holders(self, word: int, most: int) -> list[int]:
        """The accounts of the first so many names that hold the word."""
        start, end = self._starts[word], self._starts[word + 1]
        found: list[int] = self._row_accounts[self._rows[start : min(end, start + most)]].tolist()
        return found

    def meant(self, parts: tuple[str, ...], texts: dict[str, None], words: Spans, slipped: Spans) -> Weights:
        """The book's words that the asked ones may stand for. texts: `spelt(parts)`; words, slipped: where they and slips
        of the parts are."""
        found: Weights = {}
        apart = frozenset([*texts][len(parts) :])
        for text in [text for text in texts if text in words]:
            for word in self._words.at(words[text]):
                weight = float(self._weights[word])
                if self._text(word) == text and (text not in apart or text in parts or weight):
                    found[word] = weight
        for part in parts if slipped else ():
            for slip in [slip for slip in slips(part) if slip in slipped]:
                for word in self._slips.at(slipped[slip]):
                    if word not in found and misspelt(part, self._text(word)):
                        found[word] = float(self._weights[word])
        return found

    def accounts(self, weights: Weights, least: float) -> tuple[Numbers, Scores] | list[int]:
        """The accounts whose names could be sure enough by what they share, an account for each such name, and the bound of
        each; without bounds where they are FEW. least: the strength that counts as sure."""
        total = sum([self._starts[word + 1] - self._starts[word] for word in weights])
        ranked = sorted(weights, key=lambda word: (self._counts[word], word))
        if total <= FEW:
            return self._of_few(ranked, weights, least)
        rows, scores = self._gathered(ranked, weights)
        known = self._row_weights[rows]
        share = np.minimum(scores / np.maximum(known, _LEAST_WEIGHT), 1.0)
        bound = np.minimum(scores / FULL, 1.0) * share
        enough = bound >= min(least - _SLACK, float(bound.max()))
        return self._row_accounts[rows[enough]], bound[enough]

    def _of_few(self, ranked: list[int], weights: Weights, least: float) -> list[int]:
        scores: dict[int, float] = {}
        for word in ranked:
            weight = weights[word]
            for row in self._postings(word).tolist():
                scores[row] = scores.get(row, 0.0) + weight
        bounds = {
            row: min(score / FULL, 1.0) * min(score / max(float(self._row_weights[row]), _LEAST_WEIGHT), 1.0)
            for row, score in scores.items()
        }
        enough = min(least - _SLACK, max(bounds.values(), default=0.0))
        return [int(self._row_accounts[row]) for row, bound in bounds.items() if bound >= enough]

    def _gathered(self, ranked: list[int], weights: Mapping[int, float]) -> tuple[Numbers, Scores]:
        """(rows that hold any of the words, the weight that they share). Rarest words first, up to MOST_POSTINGS; a
        commoner word adds to rows that are there already."""
        taken: list[tuple[Numbers, float]] = []
        late: list[tuple[Numbers, float]] = []
        total = 0
        for word in ranked:
            rows = self._postings(word)
            if taken and total + len(rows) > MOST_POSTINGS:
                late.append((rows, weights[word]))
            else:
                total += len(rows)
                taken.append((rows, weights[word]))
        if len(taken) == 1 and late and total > MOST_POSTINGS:  # all of them are common: those that hold the rarest two
            both = np.intersect1d(taken[0][0], late[0][0], assume_unique=True)
            taken = [(both, taken[0][1])]
        if len(taken) == 1:  # a row is listed once for a word
            rows = taken[0][0]
            scores: Scores = np.full(len(rows), taken[0][1])
        else:
            rows, places = np.unique(np.concatenate([rows for rows, _ in taken]), return_inverse=True)
            shares = np.repeat([share for _, share in taken], [len(rows) for rows, _ in taken])
            scores = np.asarray(np.bincount(places, weights=shares, minlength=len(rows)), np.float64)
        for more, share in late:
            at = np.minimum(np.searchsorted(more, rows), len(more) - 1)
            scores += np.where(more[at] == rows, share, 0.0)
        return rows, scores

    def _postings(self, word: int) -> Numbers:
        return self._rows[self._starts[word] : self._starts[word + 1]]

    def _text(self, word: int) -> str:
        return bytes(self._content[self._texts[word] : self._texts[word + 1]]).decode()
