from __future__ import annotations

from datetime import UTC, datetime

import pytest

from graph.domain.facts import Absent, Found
from graph.ports import NoteAsk
from graph.rules.note import says_no_more
from tools.embedded.writer import TemplateWriter, note

NOW = datetime(2026, 4, 7, 14, 2, tzinfo=UTC)
FACTS = {
    "Who": "Maya Ortiz, VP Engineering (decision maker)",
    "Company": "Acme Labs, 420 people, software, Seattle WA; parent Acme Corp, 31,000 people",
    "Asked for": "need tracing across 300 services before Q3. Also a quote.",
    "Looks like": "Northwind won $140k in 61 days (tracing rollout); Initech won $95k; Hooli lost (price)",
}
CASES = [
    FACTS,
    {label: text for label, text in FACTS.items() if label != "Asked for"},
    {label: text for label, text in FACTS.items() if label != "Looks like"},
    {**FACTS, "Looks like": "Hooli lost (price)"},
    {**FACTS, "Looks like": "Sable no decision"},
    {"Asked for": "Wörter ohne Ende " * 40},
    {"Asked for": "x" * 500},
    {"Asked for": "“Quoted” text, and “more”"},
    {"Company": "Acme"},
]


async def test_each_ask_has_its_note_and_nothing_known_is_absent() -> None:
    facts = await TemplateWriter().write([NoteAsk("a", FACTS), NoteAsk("b", {}), NoteAsk("c", {"Score": "62"})], NOW)
    assert list(facts) == [Found(note(FACTS), "template", NOW), Absent("template", NOW), Absent("template", NOW)]


def test_the_note_opens_with_what_was_asked_for_and_tells_the_nearest_stories() -> None:
    assert note(FACTS) == (
        "Open with what they asked for: “need tracing across 300 services before Q3”. "
        "Mention the nearest story: Northwind won $140k in 61 days (tracing rollout); "
        "know the one that went wrong: Hooli lost (price)."
    )


def test_without_a_message_the_note_says_what_to_ask() -> None:
    assert note({"Company": "Acme Labs, 420 people; parent Acme Corp"}) == (
        "They left no message: ask what brought them here, and what Acme Labs uses today."
    )


@pytest.mark.parametrize("facts", CASES, ids=range(len(CASES)))
def test_a_note_says_no_more_than_its_facts(facts: dict[str, str]) -> None:
    text = note(facts)
    assert text
    assert len(text) < 500
    assert says_no_more(text, " ".join(facts.values()))


@pytest.mark.parametrize(
    "typed", ["see https://evil.example", "mail eve@evil.example", "<!channel> hi", "www.evil.example"]
)
def test_links_addresses_and_mentions_are_not_quoted(typed: str) -> None:
    text = note({**FACTS, "Asked for": typed})
    assert "evil" not in text
    assert "channel" not in text
    assert "no message" not in text
