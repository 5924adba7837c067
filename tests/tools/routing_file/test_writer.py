"""Edits of a file's text: the value is what the edit says, and nothing that people wrote elsewhere is touched."""

from __future__ import annotations

import copy
import difflib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.routing_texts import Text, laid_out, owners
from tools.routing_file import RoutingFileError
from tools.routing_file.reader import Source, read
from tools.routing_file.shapes import node_at, plain
from tools.routing_file.writer import EditError, delete, insert, move, put, set_value

SAMPLE = (Path(__file__).parents[3] / "infra" / "routing.json").read_text(encoding="utf-8")


def value_of(text: str):
    return plain(read(Source(text)))


def comments_of(text: str) -> list[str]:
    return re.findall(r"// ?(c[0-9]+)", text)


def paths_of(value, path=()):
    """Every part of the file, by number in lists."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in parts:
        yield (*path, key)
        yield from paths_of(item, (*path, key))


def at(value, path):
    for step in path:
        value = value[step]
    return value


def named(value, path):
    """The path as the comments' owners have it: rules by id, items by value."""
    found = []
    for step in path:
        item = value[step]
        name = item.get("id", step) if isinstance(item, dict) else item
        found.append(name if isinstance(value, list) else step)
        value = item
    return tuple(found)


def survivors(file: Text, gone: tuple) -> list[str]:
    """The comments that must be left, in their order, once a part is gone."""
    kept = {said for said, owner in file.comments.items() if owner is None or owner[: len(gone)] != gone}
    inside = _free_inside(file, gone)
    return [said for said in comments_of(file.text) if said in kept and said not in inside]


def _free_inside(file: Text, gone: tuple) -> set[str]:
    """Comments of nobody that stand inside the text of the part."""
    node = node_at(read(Source(file.text)), gone)
    return set(comments_of(file.text[node.start : node.end]))


def pick(data, file: Text):
    return data.draw(st.sampled_from(sorted(paths_of(file.value), key=str)))


@settings(max_examples=60, deadline=None)
@given(laid_out(), st.data())
def test_a_changed_value_is_the_only_thing_that_changes(file, data):
    path = pick(data, file)
    text = set_value(file.text, path, "new // value")
    expected = copy.deepcopy(file.value)
    at(expected, path[:-1])[path[-1]] = "new // value"
    assert value_of(text) == expected
    inside = _free_inside(file, named(file.value, path))
    assert comments_of(text) == [said for said in comments_of(file.text) if said not in inside]


@settings(max_examples=60, deadline=None)
@given(laid_out(), st.data())
def test_a_deleted_part_takes_its_own_comments_and_no_other(file, data):
    path = pick(data, file)
    text = delete(file.text, path)
    expected = copy.deepcopy(file.value)
    del at(expected, path[:-1])[path[-1]]
    assert value_of(text) == expected
    assert comments_of(text) == survivors(file, named(file.value, path))


@settings(max_examples=60, deadline=None)
@given(laid_out(), st.data())
def test_an_inserted_part_stands_where_it_was_put_and_touches_no_comment(file, data):
    holders = [path for path in [(), *paths_of(file.value)] if isinstance(at(file.value, path), dict | list)]
    parent = data.draw(st.sampled_from(holders))
    held = at(file.value, parent)
    after = data.draw(st.sampled_from([None, *(held if isinstance(held, dict) else range(len(held)))]))
    first = after is None and data.draw(st.booleans())
    key = "new" if isinstance(held, dict) else None
    text = insert(file.text, parent, {"id": "new"}, key=key, after=after, first=first)
    expected = list(held.items()) if isinstance(held, dict) else list(held)
    names = list(held) if isinstance(held, dict) else list(range(len(held)))
    place = 0 if first else len(held) if after is None else names.index(after) + 1
    expected.insert(place, ("new", {"id": "new"}) if key else {"id": "new"})
    now = at(value_of(text), parent)
    assert (list(now.items()) if key else now) == expected
    assert comments_of(text) == comments_of(file.text)


@settings(max_examples=60, deadline=None)
@given(laid_out(), st.data())
def test_a_moved_part_keeps_its_comments(file, data):
    holders = [path for path in [(), *paths_of(file.value)] if isinstance(at(file.value, path), dict | list)]
    holders = [path for path in holders if at(file.value, path)]
    parent = data.draw(st.sampled_from(holders))
    held = at(file.value, parent)
    names = list(held) if isinstance(held, dict) else list(range(len(held)))
    which = data.draw(st.sampled_from(names))
    after = data.draw(st.sampled_from([None, *(name for name in names if name != which)]))
    text = move(file.text, (*parent, which), after=after)
    order = [name for name in names if name != which]
    order.insert(0 if after is None else order.index(after) + 1, which)
    now = at(value_of(text), parent)
    if isinstance(held, dict):
        assert list(now.items()) == [(name, held[name]) for name in order]
    else:
        assert now == [held[name] for name in order]
    assert sorted(comments_of(text)) == sorted(comments_of(file.text))
    path = (*parent, which)
    moved_to = (*parent, which if isinstance(held, dict) else order.index(which))
    if parent or after is not None:  # what stands at the top of the file is the file's from then on
        assert comments_of(delete(text, moved_to)) == survivors(file, named(file.value, path))


@settings(max_examples=60, deadline=None)
@given(laid_out(), owners)
def test_put_sets_what_is_there_and_makes_what_is_not(file, owner):
    assert value_of(put(file.text, ("DEFAULT",), owner)) == {**file.value, "DEFAULT": owner}
    text = put(file.text, ("aliases", "country", "Germnay"), "DE")
    assert value_of(text) == {**file.value, "aliases": {"country": {"Germnay": "DE"}}}
    again = put(text, ("aliases", "country", "Alemania"), "DE")
    assert value_of(again)["aliases"]["country"] == {"Germnay": "DE", "Alemania": "DE"}


@settings(max_examples=60, deadline=None)
@given(laid_out(), st.data())
def test_what_was_inserted_and_deleted_again_leaves_the_text_as_it_was(file, data):
    parent = data.draw(st.sampled_from([path for path in [(), *paths_of(file.value)] if at(file.value, path)
                                        and isinstance(at(file.value, path), dict)]))  # fmt: skip
    after = data.draw(st.sampled_from(list(at(file.value, parent))))
    text = delete(insert(file.text, parent, 1, key="new", after=after), (*parent, "new"))
    assert value_of(text) == file.value
    assert comments_of(text) == comments_of(file.text)


def changed_lines(before: str, after: str) -> list[str]:
    return [line for line in difflib.ndiff(before.split("\n"), after.split("\n")) if line[0] in "+-"]


def test_columns_stay_where_they_are():
    text = set_value(SAMPLE, ("slas", "hot", "accept"), "15m")
    assert changed_lines(SAMPLE, text) == [
        '-     "hot":      {"accept": "5m",  "touch": "15m", "clock": "wall"},',
        '+     "hot":      {"accept": "15m", "touch": "15m", "clock": "wall"},',
    ]
    assert set_value(text, ("slas", "hot", "accept"), "5m") == SAMPLE
    assert set_value(set_value(SAMPLE, ("slas", "hot", "touch"), "1h"), ("slas", "hot", "touch"), "15m") == SAMPLE


def test_a_new_member_stands_in_the_column_of_the_others():
    text = insert(SAMPLE, ("people",), {"email": "xi@company.com"}, key="xi", after="omar")
    assert changed_lines(SAMPLE, text) == ['+     "xi":    {"email": "xi@company.com"},']


def test_a_rule_moves_with_what_is_said_about_it():
    text = '{"rules": [\n  // one\n  {"id": "a"}, // a\n\n  // group\n\n  // two\n  // more\n  {"id": "b"} // b\n]}'
    moved = '{"rules": [\n  // two\n  // more\n  {"id": "b"}, // b\n  // one\n  {"id": "a"} // a\n\n  // group\n]}'
    assert move(text, ("rules", "b"), after=None) == moved


def test_the_block_at_the_top_of_the_file_stays_with_the_file():
    text = delete(SAMPLE, ("US",))
    assert changed_lines(SAMPLE, text) == ['-   "US": "us-team@company.com",']


def test_a_section_goes_with_its_comment_and_one_gap():
    text = delete(SAMPLE, ("segments",))
    assert "Head-count of the ultimate parent" not in text
    assert "\n\n\n" not in text


def test_a_long_value_is_written_in_lines():
    value = {f"KEY{at}": [f"US-NY:{at}{part}" for part in range(30)] for at in range(1, 4)}
    text = put('{\n  "DEFAULT": "a@company.com"\n}', ("regions",), value)
    assert value_of(text)["regions"] == value
    assert all(line.startswith("    ") for line in text.split("\n")[3:-2])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda text: set_value(text, ("rules", "none", "to"), "x"), "rules none .to does not exist"),
        (lambda text: delete(text, ("pools", "none")), "pools.none does not exist"),
        (lambda text: move(text, ("rules", "a"), after="none"), "rules none does not exist"),
        (lambda text: insert(text, (), 1, key="rules"), "rules is there already"),
        (lambda text: insert(text, ("rules",), 1, key="x"), "rules is a list [...], which cannot hold that"),
        (lambda text: insert(text, ("pools",), 1), "pools is an object {...}, which cannot hold that"),
        (lambda text: insert(text, ("US",), 1), "US is a text, which cannot hold that"),
        (lambda text: put(text, ("US", "x"), 1), "US is a text, which cannot hold that"),
    ],
)
def test_an_edit_that_leads_nowhere_is_told(edit, message):
    with pytest.raises(EditError, match=re.escape(message)):
        edit('{"US": "a@company.com", "pools": {}, "rules": [{"id": "a"}]}')


def test_a_text_that_is_no_json_is_told():
    with pytest.raises(RoutingFileError):
        set_value("{", ("US",), "x")
