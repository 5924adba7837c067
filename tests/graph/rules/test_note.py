from __future__ import annotations

import pytest

from graph.rules.note import says_no_more

FACTS = "Maya Ortiz, VP Engineering at Acme Labs, 4,000 people. Northwind won $140k in 61 days. Müller & Söhne"


@pytest.mark.parametrize(
    "note",
    [
        "Maya Ortiz runs engineering at Acme Labs.",
        "She has 4,000 people. Northwind's win took 61 days.",
        "The company is unknown; ask before you write.",
        "Müller is near.",
        "",
    ],
)
def test_a_note_made_of_the_facts_passes(note):
    assert says_no_more(note, FACTS)


@pytest.mark.parametrize(
    "note",
    [
        "4,001 people",
        "It took 6 days.",
        "It took 1 day.",
        "It has 000 people.",
        "It won $14 and 40k.",
        "They know North.",
        "They know Wind.",
        "Call Bob.",
        "Northwinds won.",
        "He is at Österreich.",
        "See https://acme.example",
        "Tell <!channel>",
        "ask maya@acme",
        "Write to the CEO.",
    ],
)
def test_a_number_a_name_or_a_link_beyond_the_facts_fails(note):
    assert not says_no_more(note, FACTS)
