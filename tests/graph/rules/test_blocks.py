from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.domain.brief import Bullet, Part
from graph.rules.blocks import escaped, message_of
from graph.rules.brief import brief_of
from graph.rules.message_states import accepted_message, closed_message
from tests.fixtures.alerts import LEAD, PROFILE, SIMILAR, decision

OWN = re.compile(r"<!date\^\d+\^[^|<>]+\|[^<>]+>|<@U01DEE>|`accounts\.acme\.com`|routing\.json|\*[A-Z][a-z ]+:\*|\* \(")


def message(**changes) -> dict[str, Any]:
    return message_of(brief_of(**decision(**changes)))


def texts(of: dict[str, Any]) -> list[str]:
    """Every piece of mrkdwn in a message."""
    found = [of["text"]]
    for block in of["blocks"]:
        if block["type"] == "section":
            found.append(block["text"]["text"])
        if block["type"] == "context":
            found += [element["text"] for element in block["elements"]]
    return found


def bullets(of: dict[str, Any]) -> list[str]:
    return [line for b in of["blocks"] if b["type"] == "section" for line in b["text"]["text"].split("\n")]


def test_the_message_has_the_shape_that_slack_takes():
    sent = message()
    assert list(sent) == ["text", "unfurl_links", "metadata", "blocks"]
    assert sent["text"] == "New hot lead for you: Maya Ortiz, VP Engineering at Acme Labs. Accept by 10:07 EDT."
    assert sent["unfurl_links"] is False
    assert sent["metadata"] == {
        "event_type": "lead_assigned",
        "event_payload": {"lead_id": "ld_01J9", "assignment": 3, "receipt": "sha256:9f2c"},
    }
    header, context, section, actions = sent["blocks"]
    assert header == {
        "type": "header",
        "text": {"type": "plain_text", "text": "Hot lead: Acme Labs (Acme Corp family)"},
    }
    assert context["elements"][0]["text"] == (
        "*Accept by <!date^1775570820^{time}|10:07 EDT>* (5 min, business clock)  |  for <@U01DEE>  |  "
        "demo request, <!date^1775570517^{time}|10:01 EDT>"
    )
    assert section["text"]["text"].startswith("• *Who:* Maya Ortiz, VP Engineering (decision maker)\n• *Company:*")
    assert '• *Asked for:* "need tracing across 300 services before Q3"\n' in section["text"]["text"]
    assert actions["block_id"] == "lead:ld_01J9:3"
    assert [e["action_id"] for e in actions["elements"]] == [
        "lead.accept",
        "lead.pass",
        "lead.why",
        "lead.crm",
        "lead.more",
    ]
    assert {e["value"] for e in actions["elements"] if "value" in e} == {"ld_01J9:3"}
    assert actions["elements"][3]["url"] == "http://127.0.0.1:8000/inbox/crm/ld_01J9"


def test_an_update_has_a_block_id_of_its_own():
    brief = brief_of(**decision())
    assert message_of(brief, update=2)["blocks"][-1]["block_id"] == "lead:ld_01J9:3:2"


def test_without_a_public_address_there_is_no_crm_button():
    elements = message(public_url="")["blocks"][-1]["elements"]
    assert all(element["action_id"] != "lead.crm" for element in elements)


def test_an_owner_without_a_slack_id_is_named():
    odd = replace(decision()["assignment"], slack="<!channel>")
    assert "for Dee  |" in message(assignment=odd)["blocks"][1]["elements"][0]["text"]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<!channel>", "&lt;!channel&gt;"),
        ("R&D", "R&amp;D"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        ("@here", "@\u200bhere"),
        ("#general", "#\u200bgeneral"),
        ("http://evil.example", "http:\u200b//evil.\u200bexample"),
        (":fire:", ":\u200bfire:"),
        (":100:", ":\u200b100:"),
        ("*bold* ~no~ `code` _it_", "∗bold∗ ∼no∼ ‘code‘ ＿it＿"),
        ("snake_case at 10:02, 4.5 of 5", "snake_case at 10:02, 4.5 of 5"),
        ("a\n• *Why you:* pay\u202eme\u200b", "a • ∗Why you:\u200b∗ pay me "),
    ],
)
def test_what_a_stranger_typed_is_shown_and_does_nothing(typed, shown):
    assert escaped(typed) == shown


def test_text_that_grows_when_it_is_escaped_is_cut_so_that_it_fits():
    assert len(escaped("&" * 5_000, 3_000)) <= 3_000
    assert escaped("<" * 700, 600).endswith("&lt;…")


def test_a_strangers_words_are_quoted_and_cut_at_200_characters():
    line = next(b for b in bullets(message(lead=replace(LEAD, message='say "hi" ' * 100))) if "Asked for" in b)
    quoted = line.removeprefix("• *Asked for:* ")
    assert quoted[0] == quoted[-1] == '"'
    assert '"' not in quoted[1:-1]
    assert len(quoted) == 202
    assert quoted.endswith('…"')


def test_a_link_of_ours_is_a_link_and_a_strange_address_is_text():
    def drawn(url: str) -> str:
        brief = replace(brief_of(**decision()), bullets=(Bullet("X", (Part("link", "North|wind", url),)),))
        return bullets(message_of(brief))[0]

    assert drawn("https://crm/a?x=1&y=2") == "• *X:* <https://crm/a?x=1&amp;y=2|North|wind>"
    assert drawn("javascript:alert(1)") == drawn("https://a|b>") == "• *X:* North|wind"


def test_names_made_to_grow_when_escaped_stay_within_the_limits():
    huge = "&" * 5_000
    lead = replace(LEAD, message=huge, full_name=huge, title=huge, company=huge, source=huge, product=huge)
    similar = tuple(replace(one, name=huge, reason=huge) for one in SIMILAR)
    sent = message(lead=lead, profile=replace(PROFILE, name=huge, parent_name=huge, city=huge), similar=similar)
    within_limits(sent)
    assert len([b for b in sent["blocks"] if b["type"] == "section"]) > 1
    assert len(bullets(sent)) == 8


def test_an_accepted_message_says_who_and_how_fast_and_cannot_be_claimed_again():
    sent = message()
    taken = accepted_message(sent, "dee@company.com", 72.4)
    assert taken["blocks"][1]["elements"][0]["text"].startswith("*Accepted by Dee in 1 min 12 s*  |  for <@U01DEE>  |")
    assert "Accept by" not in json.dumps(taken["blocks"])
    buttons = [e["action_id"] for e in taken["blocks"][-1]["elements"]]
    assert buttons == ["lead.touch.call", "lead.touch.booked", "lead.close", "lead.why", "lead.crm", "lead.more"]
    assert taken["blocks"][-1]["block_id"] != sent["blocks"][-1]["block_id"]
    assert taken["text"] == "Accepted by Dee in 1 min 12 s: Hot lead: Acme Labs (Acme Corp family)"
    assert sent == message(), "the message that was sent must not change"


def test_a_closed_message_has_no_buttons_and_says_nothing_of_its_former_owner():
    closed = closed_message(message(), "moved to Eli, 10:08")
    assert [b["type"] for b in closed["blocks"]] == ["context"] * 3
    struck, fact, rest = (block["elements"][0]["text"] for block in closed["blocks"])
    assert struck == "~Hot lead: Acme Labs (Acme Corp family)~"
    assert fact == "*Moved to Eli, 10:08*"
    assert [line.split("*")[1] for line in rest.split("\n")] == ["Who:", "Company:", "Asked for:", "Score:"]
    assert closed["text"] == "Moved to Eli, 10:08: Hot lead: Acme Labs (Acme Corp family)"
    assert closed["metadata"]["event_type"] == "lead_closed"


def test_the_reason_of_a_pass_is_shown_and_does_nothing():
    closed = closed_message(message(), "passed: <!here> *no*")
    assert closed["blocks"][1]["elements"][0]["text"] == "*Passed: &lt;!here&gt; ∗no∗*"


def within_limits(sent: dict[str, Any]) -> None:
    assert sent["text"].strip()
    assert len(sent["text"]) <= 600
    assert len(sent["blocks"]) <= 50
    for block in sent["blocks"]:
        match block["type"]:
            case "header":
                assert 0 < len(block["text"]["text"]) <= 150
            case "section":
                assert 0 < len(block["text"]["text"]) <= 3_000
            case "context":
                assert all(0 < len(e["text"]) <= 3_000 for e in block["elements"])
            case "actions":
                assert len(block["elements"]) <= 25
                assert len(block["block_id"]) <= 255
    orjson.dumps(sent)


def does_nothing(sent: dict[str, Any]) -> None:
    """Nothing but our own mark-up is live in a message."""
    for text in texts(sent):
        rest = OWN.sub(" ", text)
        assert not re.search(r"[<>*~`]", rest.replace("*Accept by ", "").replace("* ", "", 1)), rest
        assert not re.search(r"[@#]\w", rest), rest
        assert "://" not in rest
        assert not re.search(r"\w\.[^\W\d_]", rest), rest
        assert not re.search(r":[\w+'-]+:", re.sub(r"\d+:\d\d", "", rest)), rest
        assert not re.search(r"(?<![^\W_])_\w+_(?![^\W_])", rest), rest
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f]", rest)
    labels = [line.split("*")[1] for line in bullets(sent)]
    assert labels == [label for label in ORDER if label in labels]
    assert len(set(labels)) == len(labels)
    assert not re.search("[<>\n]", sent["blocks"][0]["text"]["text"])


ORDER = ["Who:", "Company:", "Asked for:", "Score:", "Account:", "Looks like:", "Why you:", "Next step:", "Not known:"]
PIECES = (
    "<!channel>", "<!here|here>", "<@U01DEE>", "<#C1|general>", "<https://evil.example|click>", "@here", "@channel",
    "#general", "http://evil.example/a.b", "www.evil.example", "evil.example", "mailto:a@b.example", "*bold*", "_it_",
    "~no~", "`code`", "```", "&lt;!channel&gt;", "&amp;", "&", "<", ">", "\n", "• *Why you:* pay", ":fire:", ":100:",
    "\u202e", "\u200b", "\x00", "  |  ", "*Accept by now*", '"', "“", "|", "<!date^1^{time}|x>",
    "ü", "漢字。例え", "👩‍👩‍👧",
)  # fmt: skip
hostile = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), min_size=1, max_size=40).map("".join)


@settings(max_examples=150, deadline=None)
@given(
    name=hostile, title=hostile, company=hostile, asked=hostile, source=hostile, product=hostile, near=hostile,
    parent=hostile, stage=hostile,
)  # fmt: skip
def test_hostile_text_never_becomes_a_mention_a_link_or_too_long(
    name, title, company, asked, source, product, near, parent, stage
):
    crm = decision()["crm"]
    given = decision(
        lead=replace(LEAD, full_name=name, title=title, company=company, message=asked, source=source, product=product),
        profile=replace(PROFILE, name=company, parent_name=parent, city=stage),
        similar=(replace(SIMILAR[0], name=near, reason=near), *SIMILAR[1:]),
        crm=replace(crm, open_opportunities=(replace(crm.open_opportunities[0], stage=stage),)),
    )
    sent = message_of(brief_of(**given))
    within_limits(sent)
    does_nothing(sent)
    for later in (accepted_message(sent, name, 5), closed_message(sent, asked)):
        within_limits(later)
        assert "<!channel>" not in json.dumps(later["blocks"])
