"""Sources and messages: what they ask for, in four languages, and what they do not."""

import math

import pytest

from graph.features.intent import COMPETITOR, DEMO, LOW, PAIN, PRICING, SOURCES, STACK, TIMELINE, source_code, wishes


@pytest.mark.parametrize(
    ("message", "bits", "scale"),
    [
        ("We run about 400 services on Kubernetes and want a demo next week.", DEMO | STACK | TIMELINE, True),
        ("Could you send PRICING for 50 Linux hosts?", PRICING, True),
        ("We are migrating from New Relic; outages hurt.", PAIN | COMPETITOR, False),
        ("Bitte ein Angebot, wir möchten eine Vorführung.", DEMO | PRICING, False),
        ("Un devis pour 200 utilisateurs, s'il vous plaît.", PRICING, True),
        ("Necesitamos una demostración este trimestre.", DEMO | TIMELINE, False),
        ("I am a student and need it for my thesis.", LOW, False),
        ("Just looking, keep me posted.", LOW, False),
        ("New things and a relic.", 0, False),
        ("demonstrative, prices-less, unprecedented", PRICING, False),
        ("In 2026 our people will meet yours, hosts included.", 0, False),
        ("", 0, False),
    ],
)
def test_a_message_names_wishes_word_by_word(message, bits, scale):
    assert wishes(message) == (bits, scale)


def test_upper_case_reads_the_same():
    assert wishes("VORFÜHRUNG") == wishes("vorführung") == (DEMO, False)


def test_only_the_beginning_of_a_pasted_text_is_read():
    assert wishes("x " * 2000 + "demo") == (0, False)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("website_demo", "demo"), ("Demo Request", "demo"), ("free-trial", "demo"), ("pricing_page", "pricing"),
        ("partner_referral", "referral"), ("webinar", "event"), ("Conference 2026", "event"),
        ("content_download", "content"), ("newsletter", "newsletter"), ("contact_form", "contact"), ("web", "contact"),
    ],
)  # fmt: skip
def test_a_source_is_read_by_the_intent_it_shows(source, kind):
    assert SOURCES[int(source_code(source))] == kind


@pytest.mark.parametrize("source", [None, "", "other", "platform", "epoch"])
def test_a_source_that_nobody_knows_is_unknown(source):
    assert math.isnan(source_code(source))
