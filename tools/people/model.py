"""The statistical side: Splink's model of two records (Fellegi and Sunter), learnt from the data without labels by EM.

Which pairs are looked at at all (blocking) mirrors the keys of the online look-up. A small table teaches nothing reliable: below
LEAST_ROWS the chances below are used as they are, which are those that EM finds for generated people (`tools.people.generator`).
Nothing here reads the network, and Splink and DuckDB print nothing.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

LEAST_ROWS: Final = 2_000
MEMORY: Final = "6GB"
"""What DuckDB may hold before it moves to disk."""
SAMPLED_PAIRS: Final = 5_000_000
EM_PAIRS: Final = 1_000_000
PROBED: Final = 100_000
SEED: Final = 1
BLOCKS: Final = (
    ("address",),
    ("phone", "last"), ("phone", "first"), ("name_key", "brand"), ("last", "brand", "substr(first, 1, 1)"),
    ("first", "brand", "substr(last, 1, 2)"), ("mailbox", "brand"),
)  # fmt: skip
TRAINED_ON: Final = (("last", "first"), ("direct",))
READY: Final = """
CREATE TABLE phone_counts AS
    SELECT phone, count(DISTINCT name_key) AS names FROM people WHERE phone IS NOT NULL GROUP BY phone;
CREATE TABLE ready AS
    SELECT p.*, CASE WHEN c.names < 4 THEN p.phone END AS direct
    FROM people p LEFT JOIN phone_counts c ON c.phone = p.phone
"""
"""`direct`: a phone that is no switchboard's (graph.rules.people.evidence.CROWDED names behind it make it one). What several
people share teaches who works where, not who is who."""
LEVELS: Final[dict[str, tuple[tuple[str, str, float, float], ...]]] = {
    # condition, in words, m (share of true pairs), u (share of other pairs)
    "name": (
        ("last_l = last_r AND first_l = first_r", "same", 0.70, 0.0004),
        ("last_l = last_r AND substr(first_l, 1, 1) = substr(first_r, 1, 1) AND least(length(first_l), length(first_r)) = 1",
         "initial", 0.08, 0.0001),
        ("jaro_winkler_similarity(last_l, last_r) >= 0.9 AND jaro_winkler_similarity(first_l, first_r) >= 0.9",
         "alike", 0.14, 0.0005),
        ("last_l = first_r AND first_l = last_r", "swapped", 0.02, 0.00001),
        ("last_l = last_r OR first_l = first_r", "half", 0.04, 0.02),
        ("ELSE", "else", 0.02, 0.979),
    ),
    "phone": (
        ("direct_l = direct_r", "direct", 0.55, 0.00001), ("phone_l = phone_r", "shared", 0.05, 0.0001),
        ("ELSE", "else", 0.40, 0.9999),
    ),
    "work": (  # one comparison: the mailbox's name follows from the person's, and alone it proves nothing
        ("address_l = address_r", "address", 0.10, 0.000001),
        ("mailbox_l = mailbox_r AND brand_l = brand_r", "mailbox", 0.15, 0.000001),
        ("brand_l = brand_r", "company", 0.50, 0.001),
        ("ELSE", "else", 0.25, 0.999),
    ),
}  # fmt: skip
_BLANK: Final = {
    "name": "last_l IS NULL OR last_r IS NULL",
    "phone": "phone_l IS NULL OR phone_r IS NULL",
    "work": "(brand_l IS NULL OR brand_r IS NULL) AND (address_l IS NULL OR address_r IS NULL)",
}
_FREQUENT: Final = {"direct_l = direct_r": "direct", "phone_l = phone_r": "phone", "brand_l = brand_r": "brand"}
"""Levels in which a value that many share weighs less than a rare one."""
AGAIN: Final = 0.2
"""True pairs for each record, until the data say better."""


@contextmanager
def database(work: Path | None = None) -> Iterator[Any]:
    """A DuckDB in memory that moves to a folder of its own on disk when it needs more than MEMORY."""
    import duckdb  # noqa: PLC0415 - heavy

    with tempfile.TemporaryDirectory(prefix="dedupe-", dir=work) as folder:
        connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY, "temp_directory": folder, "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false", "preserve_insertion_order": "false",
            },
        )  # fmt: skip
        connection.execute("SET enable_progress_bar = false")
        try:
            yield connection
        finally:
            connection.close()


def _comparison(column: str, *, frequent: bool) -> dict[str, Any]:
    """frequent: values are weighed by how many share them, which a few rows cannot tell."""
    levels: list[dict[str, Any]] = [
        {"sql_condition": _BLANK[column], "label_for_charts": "null", "is_null_level": True}
    ]
    for condition, label, m, u in LEVELS[column]:
        level: dict[str, Any] = {
            "sql_condition": condition, "label_for_charts": label, "m_probability": m, "u_probability": u,
        }  # fmt: skip
        if frequent and condition in _FREQUENT:
            level["tf_adjustment_column"] = _FREQUENT[condition]
        levels.append(level)
    return {"output_column_name": column, "comparison_levels": levels}


def linker_of(connection: Any, table: str, rows: int) -> tuple[Any, str]:
    """A trained Splink linker over a table of `preparing`, and a sentence about how it was trained."""
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: PLC0415 - heavy

    for name in ("splink", "sqlglot"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="place",
        comparisons=[_comparison(column, frequent=rows >= LEAST_ROWS) for column in LEVELS],
        blocking_rules_to_generate_predictions=[block_on(*block) for block in BLOCKS],
        probability_two_random_records_match=AGAIN / rows,
        retain_matching_columns=False,
        em_convergence=0.0005,
        max_iterations=25,
    )
    api = DuckDBAPI(connection)
    linker = Linker(api.register(table), settings, log_level=None)
    if rows < LEAST_ROWS:
        return linker, f"fewer than {LEAST_ROWS:,} rows: the chances that ship with the program, nothing learnt"
    try:
        _train(linker, block_on, min(1.0, PROBED / rows))
    except Exception as error:  # noqa: BLE001 - Splink raises what its SQL raises when a table lacks pairs to learn from
        fresh = Linker(DuckDBAPI(connection).register(table, table_name="again"), settings, log_level=None)
        return fresh, f"too little to learn from ({type(error).__name__}): the chances that ship with the program"
    return linker, "learnt from these rows by EM"


def _train(linker: Any, block_on: Any, share: float) -> None:
    """share: of the records, by which the number of pairs is estimated before at most EM_PAIRS of them are taken."""
    training = linker.training
    training.estimate_probability_two_random_records_match(
        [block_on("phone", "name_key"), block_on("name_key", "brand")], recall=0.6
    )
    training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=SEED)
    for block in TRAINED_ON:
        training.estimate_parameters_using_expectation_maximisation(
            block_on(*block), max_pairs=EM_PAIRS, record_sample_proportion=share
        )
