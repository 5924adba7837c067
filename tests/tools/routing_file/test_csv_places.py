"""A territory in a CSV means what the same places in the routing file would mean, and its faults are told by line."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.domain.routing import RoutingFacts
from graph.domain.table import Place
from graph.rules.places import HOLDS, place_bits
from graph.rules.routing import route
from tools.routing_file import RoutingFileError, parse
from tools.routing_file.csv_places import joined
from tools.routing_file.parser import digest_of, named_files

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
TEXT = '{"DEFAULT": "g@company.com", "A": "a@company.com", "regions": {"A": "@a.csv"}}'
PLACE = f" (line 1, column {TEXT.index('@a.csv')})"


def table(csv: str):
    return parse(TEXT, files={"a.csv": csv})


def places(csv: str) -> list[Place]:
    return [spot.place for spot in table(csv).regions["A"].spots]


@pytest.mark.parametrize(
    ("csv", "expected"),
    [
        ("place\nDE\nUS-CA\nUS-NY:100-104\n", [Place("DE"), Place("US", "US-CA"), Place("US", "US-NY", "100", "104")]),
        ("country;state;postal_from;postal_to\r\nUS;NY;100;104\r\nUK;;;\r\nDE;;80;\r\n",
         [Place("GB"), Place("US", "US-NY", "100", "104"), Place("DE", None, "80", "80")]),
        ("\ufeffCountry\tPostal\tnote\nDE\t80331\tMarienplatz\n\nGB\tSW1A\t\n",
         [Place("GB", None, "SW1A", "SW1A"), Place("DE", None, "80331", "80331")]),
        ('country,postal,note\nus,"10001","a, b"\n', [Place("US", None, "10001", "10001")]),
        ("country,postal\nDE,80\nDE,82\nDE,81\nDE,9\n",
         [Place("DE", None, "80", "82"), Place("DE", None, "9", "9")]),
    ],
)  # fmt: skip
def test_rows_are_places(csv, expected):
    assert places(csv) == expected


@pytest.mark.parametrize(
    ("csv", "messages"),
    [
        ("place\nDE\nXX\n", ['line 3, column 1 (place): "XX" is neither a place nor a region']),
        ("place\nDeutschland\n",
         ['line 2, column 1 (place): "Deutschland" is neither a place nor a region, did you mean "DE"?']),
        ("country,state\nUS,NY\nUS,Bavaria\n",
         ['line 3, column 2 (state): "Bavaria" is not a subdivision of US in ISO 3166-2']),
        ("country,postal\nDE,80\nGermany,81\n",
         ['line 3, column 1 (country): "Germany" is not the code of a country, did you mean "DE"?']),
        ("country,postal_from,postal_to\nDE,80,79\n",
         [('line 2, column 2 (postal_from): the postal range "80-79" must go up between two numbers of the same length, '
          "as 100-104 does")]),
        ("country,postal_from,postal_to\nDE,,79\n", ["line 2, column 3 (postal_to): postal_from is empty"]),
        ("place\nDE\nAT\nDE\n", ["line 4: the place stands twice, first in line 2"]),
        ("country,postal\nDE\n", ["line 2: expected 2 cells, found 1"]),
        ('place\n"DE\n', ["line 2: this is not CSV: unexpected end of data"]),
        ("place\n", [None]),
        ("country,postal_code\nDE,80\n",
         [('line 1, column 2 (postal_code): unknown column "postal_code"; name the columns place, or country with state, '
          'postal_from and postal_to, or postal, did you mean "postal_to"?')]),
        ("DE\nAT\n", None),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_column(csv, messages):
    with pytest.raises(RoutingFileError) as caught:
        table(csv)
    found = [str(finding) for finding in caught.value.findings]
    assert all(text.startswith("regions.A: a.csv ") and text.endswith(PLACE) for text in found)
    if messages == [None]:
        messages = ["has no rows below its header"]
    if messages is not None:
        assert [text.removeprefix("regions.A: a.csv ").removesuffix(PLACE) for text in found] == messages


def test_a_file_full_of_faults_is_told_shortly():
    with pytest.raises(RoutingFileError) as caught:
        table("place\n" + "XX\n" * 500)
    assert len(caught.value.findings) == 21
    assert "a.csv: and 480 more errors" in str(caught.value)


def test_a_file_lies_in_the_folder_or_below_and_no_link_leads_out(tmp_path):
    folder = tmp_path / "rules"
    (folder / "areas").mkdir(parents=True)
    (folder / "areas" / "a.csv").write_text("place\nDE\n")
    text = TEXT.replace("@a.csv", "@areas/a.csv")
    assert parse(text, folder).files == {"areas/a.csv": "place\nDE\n"}
    (tmp_path / "secret.csv").write_text("place\nDE\n")
    (folder / "a.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(RoutingFileError, match=r"a\.csv cannot be read: a link leads out of the folder"):
        parse(TEXT, folder)


def test_the_digest_covers_the_files_and_is_the_text_s_alone_without():
    one, other = table("place\nDE\n"), table("place\nAT\n")
    assert one.text == other.text
    assert one.digest != other.digest
    assert one.digest == table("place\nDE\n").digest == digest_of(TEXT, {"a.csv": "place\nDE\n"})
    assert digest_of("{}", {}) == hashlib.sha256(b"{}").hexdigest()
    assert parse(one.text, files=one.files).digest == one.digest


def test_the_files_a_text_names_are_found_in_any_text():
    assert named_files('{"A": "@a.csv", // "@b.csv"\n "C": ["DE", "@x/c.csv", "@a.csv"]') == (
        "a.csv",
        "b.csv",
        "x/c.csv",
    )


def test_a_territory_may_stand_among_places_and_in_other_regions():
    files = {"a.csv": "country,postal\nDE,80\n"}
    text = json.dumps({"DEFAULT": "g@company.com", "regions": {"A": ["AT", "@a.csv"], "B": ["A", "CH"]}})
    found = parse(text, files=files).regions["B"].spots
    assert [(spot.place, spot.depth) for spot in found] == [
        (Place("AT"), 2),
        (Place("DE", None, "80", "80"), 2),
        (Place("CH"), 1),
    ]


prefixes = st.integers(1, 3).flatmap(lambda size: st.integers(0, 10**size - 1).map(lambda number: f"{number:0{size}d}"))
ranges = st.tuples(prefixes, st.integers(0, 9)).map(
    lambda pair: (pair[0], max(pair[0], f"{min(int(pair[0]) + pair[1], 10 ** len(pair[0]) - 1):0{len(pair[0])}d}"))
)
several = st.lists(st.builds(lambda pair, area: Place("US", area, *pair), ranges, st.sampled_from([None, "US-NY"])))


@settings(max_examples=100, deadline=None)
@given(several, prefixes, st.sampled_from([None, "US-NY", "US-CA"]))
def test_joining_changes_no_answer(found, postal, state):
    def inside(members):
        return any(place_bits(place, "US", state, postal) == HOLDS for place in members)

    short = joined(dict.fromkeys(found, 0))
    assert inside(short) == inside(found)
    assert len(short) <= len(set(found))


def test_forty_thousand_codes_route_as_they_say():
    csv = "country,postal\n" + "".join(f"US,{code:05d}\n" for code in range(0, 80_000, 2))
    text = TEXT.replace(
        '"regions"', '"rules": [{"id": "r", "if": {"where": "A", "source": "x"}, "to": "r@company.com"}], "regions"'
    )
    found = parse(text, files={"a.csv": csv})
    assert len(found.regions["A"].spots) == 40_000
    for code, source, rule in [
        ("00000", "x", "rules.r"), ("79998", "x", "rules.r"), ("79998", None, "map.A"), ("40001", "x", "map.DEFAULT"),
        ("4000", "x", "map.DEFAULT"),
    ]:  # fmt: skip
        assert route(RoutingFacts(country="US", postal=code, source=source), found, {}, NOW).rule == rule
