"""Files as people have them: any delimiter, encoding and header is read or named."""

import polars as pl
import pytest

from tools.ml.table.reading import TableError, opened


def read(path):
    with opened(path) as table:
        return table.frame(), table.notes


def file(tmp_path, content, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    rows = [["id", "note", "value"], ["1", '"a,b;c"', "2"], ["2", "d", "3"]]
    frame, notes = read(file(tmp_path, "\n".join(delimiter.join(row) for row in rows)))
    assert frame.rows() == [("1", "a,b;c", "2"), ("2", "d", "3")]
    assert bool(notes) == (delimiter != ",")


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    assert read(file(tmp_path, "\ufeffid,x\n1,2\n"))[0].columns == ["id", "x"]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_another_encoding_is_read_and_said(tmp_path, encoding):
    frame, notes = read(file(tmp_path, "Ort,Größe\nKöln,1\n".encode(encoding)))
    assert frame.rows(named=True) == [{"Ort": "Köln", "Größe": "1"}]
    assert encoding in notes[0]


def test_a_name_that_stands_twice_and_one_that_is_missing_are_told_apart(tmp_path):
    frame, notes = read(file(tmp_path, "x, x ,,y\n1,2,3,4\n"))
    assert frame.columns == ["x", "x (2)", "column 3", "y"]
    assert len(notes) == 2


def test_a_line_with_too_many_cells_is_named(tmp_path):
    with pytest.raises(TableError, match="line 3 has 3 cells, the header 2"):
        read(file(tmp_path, "a,b\n1,2\n1,2,3\n"))


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("", "t.csv", "the file is empty"),
        (b"PK\x03\x04\0\0", "t.csv", "not a text file"),
        ("x", "t.xlsx", "save it as CSV"),
        ("x", "t.parquet", "not a readable Parquet"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, name, said):
    with pytest.raises(TableError, match=said):
        read(file(tmp_path, content, name))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TableError, match="there is no such file"):
        read(tmp_path / "none.csv")


def test_a_wrong_name_gets_a_suggestion_and_another_case_is_understood(tmp_path):
    with opened(file(tmp_path, "Lead Source,Converted\nx,1\n")) as table:
        assert table.column("lead_source", "--id") == "Lead Source"
        with pytest.raises(TableError, match=r'--target: .* no column "Convertd"; did you mean "Converted"\?'):
            table.column("Convertd", "--target")
        with pytest.raises(TableError, match="it has: Lead Source, Converted"):
            table.column("zzz", "--target")


def test_batches_are_the_rows_in_their_order(tmp_path):
    path = file(tmp_path, "a,b\n" + "".join(f"{i},{i % 7}\n" for i in range(1003)))
    with opened(path) as table:
        parts = list(table.batches(["b", "a"], 100))
        assert max(part.height for part in parts) <= 100
        assert pl.concat(parts).equals(table.frame(["b", "a"]))
