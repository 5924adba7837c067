"""What the command line answers to a slip of the pen."""

from __future__ import annotations

import pytest

from tools.cli.parsing import Parser


def parser() -> Parser:
    top = Parser(prog="app.py")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("route").add_argument("--json", action="store_true")
    unit = commands.add_parser("import")
    unit.add_argument("--revenue-in", choices=("thousands", "millions"))
    unit.add_argument("file", nargs="?")
    return top


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rooute"], "app.py: error: COMMAND: there is no 'rooute', did you mean 'route'?; there are route, import\n"),
        (["xyz"], "app.py: error: COMMAND: there is no 'xyz'; there are route, import\n"),
        (["route", "--jsn"], "app.py route: error: not understood: --jsn, did you mean '--json'?\n"),
        (["route", "lead.json"], "app.py route: error: not understood: lead.json\n"),
        (
            ["import", "--revenue-in=milions"],
            "--revenue-in: there is no 'milions', did you mean 'millions'?; there are thousands, millions\n",
        ),
        (["import", "a", "b"], "app.py import: error: not understood: b\n"),
        ([], "app.py: error: the following arguments are required: COMMAND\n"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(words: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words)
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert shown.endswith(said)
    assert shown.startswith("usage: app.py")


def test_what_is_right_is_taken_as_it_is():
    assert vars(parser().parse_args(["import", "a.csv", "--revenue-in", "millions"])) == {
        "command": "import", "file": "a.csv", "revenue_in": "millions",
    }  # fmt: skip
