from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.rules.blocks import message_of
from graph.rules.brief import brief_of
from graph.rules.message_states import accepted_message
from tests.fixtures.alerts import decision
from tests.fixtures.inbox import HOSTILE
from tools.web.rendering import drawn, mrkdwn, safe_url


def inner(text: str) -> str:
    return str(mrkdwn(text, "Dee")).removeprefix("<p>").removesuffix("</p>")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain & simple", "plain &amp; simple"),
        ("a &lt;b&gt; &amp;amp;", "a &lt;b&gt; &amp;amp;"),
        ("*bold* _it_ ~no~ `a*b*`", "<strong>bold</strong> <em>it</em> <s>no</s> <code>a*b*</code>"),
        ("2*3*4 snake_case_x", "2*3*4 snake_case_x"),
        ("*Accept by <!date^1775570820^{time}|10:07 ET>*",
         '<strong>Accept by <time datetime="2026-04-07T14:07:00Z" data-format="{time}">10:07 ET</time></strong>'),
        ("<!date^x^{time}|soon>", "soon"),
        ("<!date^99999999999999999^{time}|later>", "later"),
        ("for <@U01DEE>", 'for <span class="mention">@Dee</span>'),
        ("<@U1|eli>", '<span class="mention">@eli</span>'),
        ("<!channel> <#C1|general>", '<span class="mention">@channel</span> <span class="mention">#general</span>'),
        ("<https://crm/a?x=1&amp;y=2|North &amp; wind>",
         '<a href="https://crm/a?x=1&amp;y=2" rel="noopener noreferrer" target="_blank">North &amp; wind</a>'),
        ("<javascript:alert(1)|click>", "click"),
        ("<script>", "script"),
        ("5 < 6", "5 &lt; 6"),
        ("a\nb", "a</p><p>b"),
    ],
)  # fmt: skip
def test_slacks_mark_up_becomes_html(text, html):
    assert inner(text) == html


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/x", True),
        ("http://127.0.0.1:8000/x", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example", False),
        ("/inbox", False),
        ("http://[", False),
    ],
)
def test_only_web_addresses_are_links(url, safe):
    assert bool(safe_url(url)) is safe


def test_a_message_is_drawn_block_by_block():
    message = message_of(brief_of(**decision()))
    header, context, section, actions = drawn(message, "Dee")
    assert (header.kind, header.text) == ("header", "Hot lead: Acme Labs (Acme Corp family)")
    assert "@Dee" in context.html[0]
    assert section.html[0].count('<p class="bullet">• <strong>') == 8
    assert [(e.action, e.text, e.primary) for e in actions.elements][:2] == [
        ("lead.accept", "Accept", True),
        ("lead.pass", "Pass…", False),
    ]
    assert actions.elements[3].url == "http://127.0.0.1:8000/inbox/crm/ld_01J9"
    assert [o.value for o in actions.elements[4].options] == ["score_high", "score_low", "bad_match", "spam"]
    later = drawn(accepted_message(message, "dee@company.com", 72), "Dee")
    assert later[1].html[0].startswith("<p><strong>Accepted by Dee in 1 min 12 s</strong>")


def test_a_block_of_another_kind_is_named_and_plain_text_is_escaped():
    blocks = [
        {"type": "video"},
        {"type": "divider"},
        {"type": "section", "fields": [{"type": "plain_text", "text": "*a* <b>"}]},
    ]
    unknown, divider, section = drawn({"blocks": blocks}, "")
    assert unknown.text == "(A block of the kind video is not drawn here.)"
    assert divider.kind == "divider"
    assert section.html == ("*a* &lt;b&gt;",)


class _Tags(HTMLParser):
    """Collects every tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, tuple(sorted(name for name, _ in attrs))))


KNOWN = {
    ("p", ()), ("p", ("class",)), ("strong", ()), ("em", ()), ("s", ()), ("code", ()), ("span", ("class",)),
    ("time", ("data-format", "datetime")), ("a", ("href", "rel", "target")),
}  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(("<", ">", "|", "*", "`", "<!date^1^", "<https://x/", '"', "'", "\n", "&lt;",
                                           "\ue000", "\ue001", "0", "<img src=x onerror=y>")),
                          st.text(max_size=6)), max_size=30).map("".join))  # fmt: skip
def test_no_text_becomes_an_element_that_the_mark_up_does_not_have(text):
    tags = _Tags()
    tags.feed(str(mrkdwn(text)))
    assert set(tags.seen) <= KNOWN
    assert not re.search(r'href="(?!https?://)', str(mrkdwn(text)))


def test_hostile_text_is_shown_as_it_was_typed():
    message = message_of(brief_of(**decision(lead=HOSTILE, profile=None)))
    blocks = drawn(message, "Dee")
    tags = _Tags()
    for block in blocks:
        for html in block.html:
            tags.feed(str(html))
    assert set(tags.seen) <= KNOWN
    assert "a" not in {tag for tag, _ in tags.seen}
    assert "&lt;script&gt;document" in blocks[2].html[0]
