"""Past accounts for measuring, as unlike each other as real ones: drawn, the same for the same seed.

    industry       60, by a Zipf law: a few hold most; 6% unknown
    country        70, likewise; 4% unknown
    employees      log-normal around 180, from 2 to 400,000, larger in some industries; 10% unknown
    revenue        employees times a log-normal 190,000 USD a head; 35% unknown
    technologies   0 to 9 of 160; each industry has its own likelihoods, so that neighbours share some
    name           two of 3,000 made-up words, and often a legal form
    outcome        won 28%, lost 52%, no decision 20%

Of 1,000,000 drawn, none has all numbers of another; near-ties are as many as sizes and stacks that repeat make them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from graph.domain.account import Outcome
from graph.ports import AccountQuery
from tools.account_metadata import PastAccount

INDUSTRIES, COUNTRIES, TECHNOLOGIES, WORDS = 60, 70, 160, 3_000
_LEGAL = ("", "", "", " Inc", " GmbH", " Ltd", " SA", " AG", " BV")
_OUTCOMES: tuple[Outcome, ...] = ("won", "lost", "no_decision")
_REASONS = ("price", "competitor", "security review", "tracing rollout", "budget cut", None)
_STACK = 9
_CHUNK = 2_000


def past_accounts(count: int, seed: int = 11) -> Iterator[PastAccount]:
    drawn = np.random.default_rng(seed)
    words = _words(drawn)
    likely = drawn.dirichlet(np.full(TECHNOLOGIES, 0.08), INDUSTRIES).cumsum(axis=1)
    size_of = drawn.normal(0, 0.6, INDUSTRIES)
    industries, countries = _zipf(INDUSTRIES), _zipf(COUNTRIES)
    codes = [chr(65 + n // 26) + chr(65 + n % 26) for n in range(COUNTRIES)]
    for start in range(0, count, _CHUNK):
        size = min(_CHUNK, count - start)
        industry = drawn.choice(INDUSTRIES, size, p=industries)
        country = drawn.choice(COUNTRIES, size, p=countries)
        employees = np.clip(np.exp(drawn.normal(5.2 + size_of[industry], 1.7)), 2, 400_000).astype(int)
        revenue = (employees * np.exp(drawn.normal(12.15, 0.7, size))).astype(int)
        unknown = drawn.random((4, size)) < np.array([[0.06], [0.04], [0.10], [0.35]])
        stacks = np.minimum(drawn.poisson(3.2, size), _STACK).tolist()
        used = (likely[industry][:, None, :] < drawn.random((size, _STACK))[:, :, None]).sum(axis=2).tolist()
        names = drawn.choice(len(words), (size, 2))
        legal = drawn.choice(len(_LEGAL), size)
        outcome = drawn.choice(3, size, p=(0.28, 0.52, 0.20))
        deal = np.exp(drawn.normal(10.8, 0.9, size)).astype(int)
        days, closed, reason = drawn.integers(10, 400, size), drawn.integers(0, 1_500, size), drawn.integers(0, 6, size)
        for n in range(size):
            number = start + n
            yield PastAccount(
                f"G-{number:07}",
                AccountQuery(
                    f"g{number:07}.example",
                    f"{words[names[n, 0]]} {words[names[n, 1]]}{_LEGAL[legal[n]]}",
                    None if unknown[0, n] else f"industry {industry[n]}",
                    None if unknown[1, n] else codes[country[n]],
                    None if unknown[2, n] else int(employees[n]),
                    None if unknown[3, n] else int(revenue[n]),
                    tuple(sorted({f"tech{t}" for t in used[n][: stacks[n]]})),
                ),
                _OUTCOMES[outcome[n]],
                _REASONS[reason[n]],
                int(deal[n]),
                int(days[n]),
                date(2022, 1, 1) + timedelta(days=int(closed[n])),
            )


def queries(count: int, seed: int = 12) -> list[AccountQuery]:
    """Leads' companies: drawn like the accounts, none of them one. Every second tells no technologies or no name, as a
    lead with a poor profile does."""
    found = []
    for n, past in enumerate(past_accounts(count, seed)):
        account = replace(past.account, domain=f"q{n}.example")
        poor = {1: {"technologies": ()}, 3: {"name": None}}.get(n % 4, {})
        found.append(replace(account, **poor))
    return found


def _words(drawn: np.random.Generator) -> list[str]:
    begin = [
        "b",
        "br",
        "c",
        "ch",
        "d",
        "dr",
        "f",
        "g",
        "gr",
        "h",
        "j",
        "k",
        "l",
        "m",
        "n",
        "p",
        "q",
        "r",
        "s",
        "st",
        "t",
        "v",
    ]
    middle = ["a", "e", "i", "o", "u", "ai", "ea", "ee", "ia", "io", "oa", "ou"]
    end = [
        "b",
        "ck",
        "d",
        "ft",
        "g",
        "l",
        "ll",
        "m",
        "n",
        "nd",
        "ng",
        "nt",
        "p",
        "r",
        "rk",
        "rn",
        "s",
        "sk",
        "st",
        "th",
        "v",
    ]
    made: set[str] = set()
    while len(made) < WORDS:
        parts = [str(drawn.choice(begin)) + str(drawn.choice(middle)) for _ in range(1 + int(drawn.integers(1, 3)))]
        made.add(("".join(parts) + str(drawn.choice(end))).capitalize())
    return sorted(made)


def _zipf(count: int) -> np.ndarray:
    weights = 1 / np.arange(1, count + 1) ** 0.9
    return weights / weights.sum()
