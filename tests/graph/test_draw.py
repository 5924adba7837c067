"""The drawing is the graph itself."""

from __future__ import annotations

import re

from graph.build import WAYS
from graph.draw import mermaid
from tests.fixtures.router import ROOT


def test_every_way_is_drawn_as_a_dotted_edge_from_route():
    dotted = dict(re.findall(r"route -\.(?: &nbsp;(?:\w+)&nbsp; \.)?-> (\w+);()", mermaid()))
    assert set(WAYS.values()) | {"__end__"} == dotted.keys()


def test_every_node_is_drawn():
    drawn = mermaid()
    assert drawn.startswith("graph TD;")
    for node in ("capture", "enrich", "score", "rollup", "route", "summarize", "review", "nurture"):
        assert re.search(rf"\b{node}\b", drawn)


def test_it_is_the_same_every_time():
    assert mermaid() == mermaid()


def test_the_readme_shows_it():
    readme = ROOT / "README.md"
    if readme.exists():
        assert mermaid() in readme.read_text()
