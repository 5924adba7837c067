from __future__ import annotations

from pathlib import Path

import pytest

from tools.embedded.csv_table import Cells, TableError, read_table


def rows(tmp_path: Path, text: str) -> list[Cells]:
    path = tmp_path / "companies.csv"
    path.write_text(text, encoding="utf-8")
    return list(read_table(path, ("domain", "employees", "technologies")))


def test_cells_are_read_by_their_column(tmp_path: Path) -> None:
    (cells,) = rows(tmp_path, "\ufeffemployees,domain,technologies,more\n 12 ,acme.com, go ;;kafka,x\n")
    assert (cells.text("domain"), cells.number("employees"), cells.listed("technologies")) == (
        "acme.com",
        12,
        ("go", "kafka"),
    )


def test_a_blank_cell_is_unknown(tmp_path: Path) -> None:
    (cells,) = rows(tmp_path, "domain,employees,technologies\n , ,\n")
    assert (cells.text("domain"), cells.number("employees"), cells.listed("technologies")) == (None, None, ())
    with pytest.raises(TableError, match=r"companies\.csv, line 2: domain is blank"):
        cells.needed("domain")


@pytest.mark.parametrize("count", ["12.5", "1,2", "-3", "many", "1e3", "²"])
def test_a_number_that_is_none_is_an_error_that_says_where(tmp_path: Path, count: str) -> None:
    (cells,) = rows(tmp_path, f'domain,employees,technologies\nacme.com,"{count}",\n')
    with pytest.raises(TableError, match=r"companies.csv, line 2: employees .* is no whole number; write digits only"):
        cells.number("employees")


def test_a_missing_column_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="line 1: the column 'technologies' is missing"):
        rows(tmp_path, "domain,employees\nacme.com,1\n")


@pytest.mark.parametrize("line", ["acme.com,1", "acme.com,1,go,kafka"])
def test_a_line_of_another_length_is_an_error(tmp_path: Path, line: str) -> None:
    with pytest.raises(TableError, match="line 2: it has not as many cells as line 1"):
        rows(tmp_path, f"domain,employees,technologies\n{line}\n")
