from __future__ import annotations

import json
import random

import pytest

from tools.routing_file import RoutingFileError
from tools.routing_file.reader import Node, Source, read


def plain(node: Node):
    if node.members is not None:
        return {member.key: plain(member.node) for member in node.members}
    return [plain(item) for item in node.items] if node.items is not None else node.value


def any_value(draw, depth=4):
    kind = draw.randrange(8 if depth else 6)
    if kind < 6:
        return draw.choice(
            [0, -7, 12.5, 1e-3, True, False, None, "", 'a "quote" \\ \n\t', "Zoë // not a comment", "日本"]
        )
    if kind == 6:
        return [any_value(draw, depth - 1) for _ in range(draw.randrange(4))]
    return {f"k{at} é": any_value(draw, depth - 1) for at in range(draw.randrange(4))}


@pytest.mark.parametrize("seed", range(50))
def test_plain_json_is_read_as_the_standard_library_reads_it(seed):
    draw = random.Random(seed)
    value = {"a": any_value(draw), "b": any_value(draw)}
    for layout in ({"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False}):
        assert plain(read(Source(json.dumps(value, **layout)))) == value


def test_comments_and_trailing_commas_are_read():
    text = '// first\n{"a": [1, 2,], // "b": 3\n "url": "http://x", // last,\n}\n// end'
    assert plain(read(Source(text))) == {"a": [1, 2], "url": "http://x"}


def test_a_byte_order_mark_and_windows_lines_are_read():
    assert plain(read(Source('\ufeff{\r\n"a": 1, // x\r\n"b": 2\r\n}'))) == {"a": 1, "b": 2}


def test_every_value_knows_its_exact_text():
    text = '{ "a" : [ 10 , {"b": "x\\n"} ] } // c'
    root = read(Source(text))
    ten, inner = root.members[0].node.items
    assert [text[node.start : node.end] for node in (ten, inner, inner.members[0].node)] == [
        "10", '{"b": "x\\n"}', '"x\\n"',
    ]  # fmt: skip
    assert text[root.members[0].key_start] == '"'


def test_positions_count_lines_and_characters_from_one():
    source = Source('{\n  "ä": "😀", "b": 1\n}')
    assert source.position(0) == (1, 1)
    assert source.position(source.text.index("1")) == (2, 18)


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("", "the file is empty", (1, 1)),
        ("  \n// nothing\n", "the file is empty", (3, 1)),
        ("US: us@company.com", "expected {, found US", (1, 1)),
        ("[1]", "expected {, found [", (1, 1)),
        ('{"a": 1} {', "something follows after the end", (1, 10)),
        ('{"a": 1', "expected a comma or } (opened in line 1), found the end of the file", (1, 8)),
        ('{"a": 1\n\n', "expected a comma or } (opened in line 1), found the end of the file", (3, 1)),
        ('{"a": 1 "b": 2}', 'expected a comma or } (opened in line 1), found "', (1, 9)),
        (
            '{"a": 1 // one\n\n "b": 2}',
            'expected a comma or } (opened in line 1), found "; is a comma missing at the end of line 1?',
            (3, 2),
        ),
        ('{"a": [1}', "expected a comma or ] (opened in line 1), found }", (1, 9)),
        ('{"a" 1}', 'expected a colon after "a", found 1', (1, 6)),
        ('{"a": }', "expected a value, found }", (1, 7)),
        ("{'a': 1}", "expected a key in double quotes, found '", (1, 2)),
        ("{a: 1}", "expected a key in double quotes, found a", (1, 2)),
        ('{"a": nope}', "expected a value, found nope", (1, 7)),
        ('{"a": NaN}', "expected a value, found NaN", (1, 7)),
        ('{"a": 01}', "expected a comma", (1, 8)),
        ('{/* x */"a": 1}', "comments are written with //", (1, 2)),
        ('{"a": "open\n}', "not closed on its line", (1, 12)),
        ('{"a": "\\ud83d"}', "half of a character", (1, 15)),
        ('{"a": 1e999}', "the number is too long", (1, 7)),
        ('{"a": ' + "9" * 5000 + "}", "the number is too long", (1, 7)),
        ('{"a": ' + "[" * 5000, "too deeply nested", (1, 67)),
        ('{"a": 1,, "b": 2}', "expected a key in double quotes, found ,", (1, 9)),
    ],
)
def test_a_text_that_is_not_json_is_refused_with_the_place(text, message, position):
    with pytest.raises(RoutingFileError) as caught:
        read(Source(text))
    (finding,) = caught.value.findings
    assert message in finding.message
    assert (finding.line, finding.column) == position
