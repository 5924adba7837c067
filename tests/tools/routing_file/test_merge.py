"""Two people edit one file: what agrees is kept, what does not is named, and no comment of ours is lost."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.routing_texts import OWNERS, PLACES, RULES, files, laid_out, rule
from tests.tools.routing_file.test_writer import comments_of
from tools.routing_file import RoutingFileError, parse
from tools.routing_file.changes import diff
from tools.routing_file.merge import merge
from tools.routing_file.reader import Source, read
from tools.routing_file.shapes import meaning, node_at, plain


def file(*rules, **sections) -> str:
    listed = [{"id": name, "to": f"{name}@company.com"} if isinstance(name, str) else name for name in rules]
    return json.dumps({"DEFAULT": "g@company.com", "rules": listed, **sections}, indent=1)


def ids(text: str) -> list[str]:
    return [item["id"] for item in plain(read(Source(text)))["rules"]]


def told(base: str, ours: str, theirs: str) -> list[str]:
    return [str(conflict) for conflict in merge(base, ours, theirs).conflicts]


def sent(name: str, to: str, **more) -> dict:
    return {"id": name, "to": f"{to}@company.com", **more}


def test_both_sides_are_kept():
    base = file("a", "b", "c", US="u@company.com", regions={"R": ["DE", "FR"]})
    ours = file(sent("a", "new"), "b", "c", US="u@company.com", regions={"R": ["DE", "FR", "AT"]})
    theirs = file("a", "c", "d", US="v@company.com", regions={"R": ["DE", "CH"]})
    merged = merge(base, ours, theirs)
    assert merged.conflicts == ()
    assert plain(read(Source(merged.text))) == {
        "DEFAULT": "g@company.com",
        "rules": [sent("a", "new"), sent("c", "c"), sent("d", "d")],
        "US": "v@company.com",
        "regions": {"R": ["DE", "AT", "CH"]},
    }


@pytest.mark.parametrize(
    ("ours", "theirs", "order"),
    [
        ("abxc", "abyc", "abxyc"),
        ("xabc", "yabc", "xyabc"),
        ("abcx", "abcyz", "abcxyz"),
        ("cab", "abyc", "caby"),
        ("abxc", "cab", "cabx"),
        ("cab", "cab", "cab"),
        ("bc", "abyc", "byc"),
        ("ac", "abyc", "ayc"),
        ("abc", "cba", "cba"),
        ("abxc", "cbya", "cbxya"),
    ],
)
def test_new_rules_stand_where_they_were_put_and_ours_come_first(ours, theirs, order):
    merged = merge(file(*"abc"), file(*ours), file(*theirs))
    assert merged.conflicts == ()
    assert ids(merged.text) == list(order)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "message"),
    [
        (
            file("a"), file(sent("a", "x")), file(sent("a", "y")),
            "rules a .to: ours x@company.com, theirs y@company.com",
        ),
        (
            file("a"), file("a", sent("n", "x")), file("a", sent("n", "y")),
            'rules n: added in both, ours {"id": "n", "to": "x@company.com"}, theirs {"id": "n", "to": "y@company.com"}',
        ),
        (
            file("a", "b"), file("b"), file(sent("a", "y"), "b"),
            'rules a: deleted in ours, changed in theirs to {"id": "a", "to": "y@company.com"}',
        ),
        (
            file("a", "b"), file(sent("a", "x"), "b"), file("b"),
            'rules a: changed in ours to {"id": "a", "to": "x@company.com"}, deleted in theirs',
        ),
        (file(*"abcd"), file(*"bcda"), file(*"bcd"), "rules a: moved in ours, deleted in theirs"),
        (file(*"abcd"), file(*"bcd"), file(*"bcda"), "rules a: deleted in ours, moved in theirs"),
        (file(*"abc"), file(*"bac"), file(*"acb"), "rules: reordered in both: ours b, a, c; theirs a, c, b"),
        (file(*"ab"), file(*"nab"), file(*"abn"), "rules: reordered in both: ours n, a, b; theirs a, b, n"),
        (
            file(precedence=["rules", "map"]), file(precedence=["accounts", "rules", "map"]),
            file(precedence=["rules", "map", "accounts"]),
            "precedence: reordered in both: ours accounts, rules, map; theirs rules, map, accounts",
        ),
        (
            file(sent("a", "a", **{"if": {"where": "US"}})), file(sent("a", "a", **{"if": {"where": "CA"}})),
            file(sent("a", "a", **{"if": {"where": "MX"}})),
            "rules a .if.where: ours CA, theirs MX",
        ),
        (
            file(regions={"R": ["DE", "FR"]}), file(regions={"R": ["DE"]}), file(regions={"R": ["FR"]}),
            'regions.R: ours ["DE"], theirs ["FR"], which leaves nothing',
        ),
        (
            file(US="a@company.com"), file(), file(US="b@company.com"),
            "US: deleted in ours, changed in theirs to b@company.com",
        ),
    ],
)  # fmt: skip
def test_a_conflict_is_named_by_id_and_path(base, ours, theirs, message):
    assert told(base, ours, theirs) == [message]


def test_a_merge_that_is_no_valid_file_is_a_conflict():
    pool = {"pools": {"p": {"members": ["a@company.com"]}}}
    base = file("a", **pool)
    ours, theirs = file("a"), file(sent("a", "a"), {"id": "b", "to": "pool:p"}, **pool)
    (conflict,) = merge(base, ours, theirs).conflicts
    assert str(conflict).startswith('the merged file is not valid: rules[1] b .to: pool "p" does not exist (line ')


def test_both_may_begin_a_section():
    aliases = {"aliases": {"country": {"Germnay": "DE"}}}, {"aliases": {"country": {"Frnace": "FR"}, "industry": {}}}
    merged = merge(file(), file(**aliases[0]), file(**aliases[1]), check=lambda _: None)
    assert plain(read(Source(merged.text)))["aliases"] == {
        "country": {"Germnay": "DE", "Frnace": "FR"},
        "industry": {},
    }


def test_a_text_that_is_no_json_says_whose_it_is():
    with pytest.raises(RoutingFileError, match=r"^theirs: expected a comma or }"):
        merge(file(), file(), '{"US": 1')


def test_comments_of_ours_survive_next_to_what_theirs_changed():
    base = file("a", "b")
    ours = base.replace('"id": "b"', '// ours\n"id": "b"')
    merged = merge(base, ours, file("n", sent("a", "x"), "b"))
    assert merged.conflicts == ()
    assert "// ours" in merged.text
    assert ids(merged.text) == ["n", "a", "b"]


@st.composite
def edits(draw, value):
    """What somebody did to a file: some of its parts changed, gone, new, in another order."""
    value = copy.deepcopy(value)
    listed = value.setdefault("rules", [])
    for _ in range(draw(st.integers(0, 4))):
        deed = draw(st.integers(0, 7))
        at = draw(st.integers(0, max(len(listed) - 1, 0)))
        if deed == 0:
            value[draw(st.sampled_from(["US", "CA", "DEFAULT"]))] = draw(st.sampled_from(OWNERS))
        elif deed == 1 and (free := sorted(set(RULES) - {item["id"] for item in listed})):
            listed.insert(at, draw(rule(draw(st.sampled_from(free)))))
        elif deed == 2 and listed:
            listed.pop(at)
        elif deed == 3 and listed:
            listed[at]["to"] = draw(st.sampled_from(OWNERS))
        elif deed == 4 and listed:
            listed.insert(draw(st.integers(0, len(listed) - 1)), listed.pop(at))
        elif deed == 5:
            value.setdefault("regions", {})["EAST"] = draw(st.lists(st.sampled_from(PLACES), min_size=1, unique=True))
        elif deed == 6:
            value.pop(draw(st.sampled_from(["US", "CA", "version", "slas"])), None)
        elif deed == 7 and listed:
            listed[at].setdefault("if", {})["where"] = draw(st.sampled_from(["DE", ["DE", "FR"], ["FR", "US-CA"]]))
    return value


@st.composite
def three(draw):
    base = draw(files)
    values = base, draw(edits(base)), draw(edits(base))
    return tuple(draw(laid_out(st.just(value), mark)) for value, mark in zip(values, "bct", strict=True))


@settings(max_examples=60, deadline=None)
@given(three())
def test_a_merge_with_one_side_idle_is_the_other_side(texts):
    base, ours, theirs = texts
    taken = merge(base.text, base.text, theirs.text)
    assert taken.conflicts == ()
    assert diff(taken.text, theirs.text) == ()
    assert merge(base.text, ours.text, base.text).text == ours.text
    assert merge(base.text, ours.text, ours.text) == merge(base.text, ours.text, base.text)


@settings(max_examples=60, deadline=None)
@given(three())
def test_every_change_of_both_sides_is_in_the_merge_or_in_a_conflict(texts):
    base, ours, theirs = texts
    merged = merge(base.text, ours.text, theirs.text)
    root = read(Source(merged.text))
    disputed = [conflict.steps for conflict in merged.conflicts]
    for side in (ours, theirs):
        for change in diff(base.text, side.text):
            met = any(
                change.steps[: len(steps)] == steps or steps[: len(change.steps)] == change.steps for steps in disputed
            )
            if met or change.kind == "moved":
                continue
            found = node_at(root, change.steps)
            values = _values(found)
            if change.kind == "removed":
                assert change.before not in values if values is not None and change.before != [] else True
            else:
                assert found is not None
                assert change.after in (values or []) or _contains(plain(found), change.after)


def _values(node):
    if node is None or node.members is not None:
        return None
    return [plain(item) for item in node.items] if node.items is not None else [plain(node)]


def _contains(found, wanted):
    """Objects may have grown from the other side."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(key in found and _contains(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return all(item in found for item in wanted)
    return found == wanted


@settings(max_examples=60, deadline=None)
@given(three())
def test_a_merge_without_conflict_is_the_same_from_both_sides_and_valid(texts):
    base, ours, theirs = texts
    one, two = merge(base.text, ours.text, theirs.text), merge(base.text, theirs.text, ours.text)
    assert {conflict.steps for conflict in one.conflicts} == {conflict.steps for conflict in two.conflicts}
    if one.conflicts:
        return
    parse(one.text)
    known, *own = ({item["id"] for item in side.value.get("rules", [])} for side in texts)
    for names in own:
        # two new rules of different people at one place stand the other way round
        kept = [[name for name in ids(merged.text) if name in known | names] for merged in (one, two)]
        assert kept[0] == kept[1]
    assert _unordered(one.text) == _unordered(two.text)


def _unordered(text: str) -> str:
    value = plain(read(Source(text)))
    value["rules"].sort(key=lambda item: item["id"])
    return meaning(read(Source(json.dumps(value))), ())


@settings(max_examples=60, deadline=None)
@given(three())
def test_comments_of_ours_are_lost_only_with_what_they_belong_to(texts):
    base, ours, theirs = texts
    merged = merge(base.text, ours.text, theirs.text)
    root = read(Source(merged.text))
    left = set(comments_of(merged.text))
    kept = {said for said, owner in ours.comments.items() if owner is not None and node_at(root, owner) is not None}
    assert kept <= left
