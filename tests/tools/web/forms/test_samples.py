"""Every sample payload of every vendor gives the expected lead, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from tools.cli.forms import items_of
from tools.web.forms.normal import lead_form
from tools.web.forms.reading import payload_of
from tools.web.forms.registry import HERE, page_of, sample_body, samples_of, vendors
from tools.web.forms.vendor import Delivery, GivenUp, Ignored, Item, Wanted
from tools.web.intake import to_form

LEADS: dict[str, dict[str, Any]] = {
    "calendly/invitee_created.json": {
        "email": "Cato.Vermeer@zeelandpumps.example",
        "company": "Zeeland Pumps",
        "full_name": "Cato Vermeer",
        "source": "calendly",
        "phone": "+31 20 555 0143",
        "message": "We outgrew our logs.",
        "submitted_at": "2026-11-24T12:30:02.114000Z",
        "extra": {
            "utm_source": "newsletter",
            "utm_campaign": "tracing-q4",
            "meeting": "Discovery call",
            "meeting_at": "2026-12-01T09:00:00.000000Z",
            "timezone": "Europe/Amsterdam",
        },
        "event_id": "calendly:https://api.calendly.com/scheduled_events/GBGBDCAADAEDCRZ1/invitees/7b1f0c2d9e10",
    },
    "calendly/routing_form.json": {
        "email": "ole@trondelag-kraft.example",
        "full_name": "Ole Aune",
        "source": "calendly",
        "employees": "1000+",
        "submitted_at": "2026-11-24T12:59:58.000000Z",
        "extra": {"utm_source": "web"},
        "event_id": "calendly:https://api.calendly.com/routing_form_submissions/RF1INVENTED",
    },
    "google_ads/lead.json": {
        "email": "priya@sagarmatha-foods.example",
        "company": "Sagarmatha Foods",
        "full_name": "Priya Raman",
        "title": "VP Operations",
        "source": "google_ads",
        "country": "US",
        "state": "California",
        "postal": "94043",
        "phone": "+1-650-555-0123",
        "extra": {
            "form_id": "40021",
            "campaign_id": "1903348811",
            "adgroup_id": "20000000001",
            "creative_id": "30000000002",
            "gcl_id": "Cj0KCQiA-invented",
            "field EMAIL": "priya.raman@gmail.com",
            "When do you want to start?": "This quarter",
        },
        "event_id": "google_ads:TeSter-6f1c2e9ab7d04c55b3",
    },
    "gravity/all_fields.json": {
        "email": "owen@pritchard-slate.example",
        "full_name": "Owen Pritchard",
        "source": "gravity",
        "consent": True,
        "consent_text": "I agree that you write to me about alerts.",
        "first_name": "Owen",
        "last_name": "Pritchard",
        "submitted_at": "2026-11-24T09:12:44+00:00",
        "extra": {
            "form_id": "3",
            "page_url": "https://www.example.org/contact/",
            "3": "Pritchard Slate",
            "4": "We need alerts before Christmas.",
        },
        "event_id": "gravity:www.example.org/3/571",
    },
    "gravity/chosen_fields.form": {
        "email": "bea@pritchard-slate.example",
        "company": "Pritchard Slate",
        "full_name": "Bea Pritchard",
        "title": "CFO",
        "source": "gravity",
        "country": "United Kingdom",
        "phone": "+44 20 7946 0142",
        "message": "A price for two sites, please.",
        "consent": True,
        "consent_text": "I agree that you write to me.",
        "first_name": "Bea",
        "last_name": "Pritchard",
        "submitted_at": "2026-11-24T09:20:01+00:00",
        "extra": {
            "utm_campaign": "autumn",
            "form_id": "3",
            "page_url": "https://www.example.org/contact/",
            "Preferred day": "Tuesday",
        },
        "event_id": "gravity:www.example.org/3/572",
    },
    "gravity/chosen_fields.json": {
        "email": "bea@pritchard-slate.example",
        "company": "Pritchard Slate",
        "full_name": "Bea Pritchard",
        "title": "CFO",
        "source": "gravity",
        "country": "United Kingdom",
        "phone": "+44 20 7946 0142",
        "message": "A price for two sites, please.",
        "consent": True,
        "consent_text": "I agree that you write to me.",
        "first_name": "Bea",
        "last_name": "Pritchard",
        "submitted_at": "2026-11-24T09:20:01+00:00",
        "extra": {
            "utm_campaign": "autumn",
            "form_id": "3",
            "page_url": "https://www.example.org/contact/",
            "Preferred day": "Tuesday",
        },
        "event_id": "gravity:www.example.org/3/572",
    },
    "html/contact.form": {
        "email": "nadia@belkacem-textile.example",
        "company": "Belkacem Textile",
        "full_name": "Nadia Belkacem",
        "source": "html",
        "country": "FR",
        "message": "Une démo, s'il vous plaît.",
        "consent": True,
        "consent_text": "J'accepte d'être contactée.",
        "fill_time_ms": 18250,
        "extra": {"utm_source": "blog", "plan": "Team"},
    },
    "html/contact.multipart": {
        "email": "nadia@belkacem-textile.example",
        "company": "Belkacem Textile",
        "full_name": "Nadia Belkacem",
        "source": "html",
        "country": "FR",
        "message": "Une démo, s'il vous plaît.",
        "consent": True,
        "consent_text": "J'accepte d'être contactée.",
        "fill_time_ms": 18250,
        "extra": {"utm_source": "blog", "plan": "Team", "brief": "brief.pdf"},
    },
    "hubspot/form_fields.json": {
        "email": "aoife@kerrigan-dairy.example",
        "company": "Kerrigan Dairy",
        "full_name": "Aoife Kerrigan",
        "source": "hubspot",
        "message": "Please call me.",
        "consent": True,
        "consent_text": "I agree to receive marketing communications.",
        "first_name": "Aoife",
        "last_name": "Kerrigan",
        "submitted_at": "2026-11-23T10:50:00+00:00",
        "extra": {
            "form_id": "9e1c7000-0000-4000-8000-000000000002",
            "page_url": "https://www.example.com/contact",
            "page_name": "Contact",
            "hutk": "60c2ccdfe4892f0fa0593940b12c11aa",
            "fleet_size": "12",
        },
        "event_id": "hubspot:7d4b1c52-0000-4000-8000-0000000000cc",
    },
    "hubspot/workflow_chosen.json": {
        "email": "rui@porto-ceramica.example",
        "company": "Porto Ceramica",
        "full_name": "Rui Teles",
        "title": "CTO",
        "source": "hubspot",
        "first_name": "Rui",
        "last_name": "Teles",
        "extra": {"hs_object_id": "80134777"},
    },
    "hubspot/workflow_contact.json": {
        "email": "jonas.ek@lindstrom-papper.example",
        "company": "Lindström Papper",
        "full_name": "Jonas Ek",
        "title": "Director of Engineering",
        "source": "hubspot",
        "country": "Sweden",
        "phone": "+46 8 555 014 20",
        "employees": "500-1000",
        "first_name": "Jonas",
        "last_name": "Ek",
        "submitted_at": "2026-11-23T10:40:00+00:00",
        "extra": {
            "form_name": "Request a demo",
            "form_id": "9e1c7000-0000-4000-8000-000000000002",
            "page_url": "https://www.example.com/demo",
            "hubspot_contact": "80134501",
            "hs_analytics_source": "PAID_SEARCH",
            "which_stack_": "AWS;Kubernetes",
        },
        "event_id": "hubspot:2f0f7a34-0000-4000-8000-0000000000bb",
    },
    "jotform/quote.multipart": {
        "email": "dalia@navarro-optica.example",
        "company": "Navarro Optica",
        "full_name": "Dalia Navarro",
        "title": "IT Manager",
        "source": "jotform",
        "country": "United States",
        "state": "Texas",
        "city": "Austin",
        "postal": "78701",
        "phone": "(555) 010-4477",
        "message": "Quote for 40 seats",
        "consent": True,
        "consent_text": "I agree to receive product news by e-mail",
        "fill_time_ms": 48000,
        "first_name": "Dalia",
        "last_name": "Navarro",
        "submitted_at": "2026-11-23T11:41:00+00:00",
        "extra": {
            "utm_source": "partner",
            "form_id": "263271000000001",
            "form_name": "Get a quote",
            "address.addr_line1": "4 Mill Lane",
            "whichPlans": "Team, Enterprise",
        },
        "event_id": "jotform:6412398745213000001",
    },
    "linkedin/lead.json": {
        "email": "sh@fjordbank.example",
        "company": "Fjordbank",
        "full_name": "Signe Holm",
        "title": "Chief Technology Officer",
        "source": "paid_social",
        "consent": True,
        "consent_text": "Yes, send me product news.",
        "first_name": "Signe",
        "last_name": "Holm",
        "submitted_at": "2026-11-23T11:23:10+00:00",
        "extra": {
            "form_id": "3162",
            "form_name": "Platform teams 2026",
            "lead_type": "SPONSORED",
            "campaign": "Nordics - platform teams",
            "field email": "signe.holm@gmail.com",
            "cloud": "Our own",
            "utm_source": "linkedin",
        },
        "event_id": "linkedin:8a11f7c0-3e55-4b1c-9d02-7b1f0c2d9e10-5",
    },
    "marketo/demo_request.json": {
        "email": "kofi@accra-freight.example",
        "company": "Accra Freight",
        "full_name": "Kofi Asante",
        "title": "Head of Platform",
        "source": "Web - Demo Request",
        "country": "Ghana",
        "phone": "+233 30 255 0142",
        "industry": "Logistics",
        "employees": "250",
        "message": "Call me on Monday",
        "consent": True,
        "first_name": "Kofi",
        "last_name": "Asante",
        "submitted_at": "2026-11-24T14:05:00Z",
        "extra": {
            "form_name": "Demo request",
            "page_url": "https://www.example.com/demo",
            "marketo_lead_id": "1045582",
            "lead_score": "35",
        },
    },
    "meta/lead.json": {
        "email": "l.brandt@havelwerk.example",
        "company": "Havelwerk",
        "full_name": "Leonie Brandt",
        "title": "Teamleiterin Plattform",
        "source": "meta",
        "country": "DE",
        "phone": "+4933055501400",
        "consent": True,
        "submitted_at": "2026-11-24T11:06:30+0000",
        "extra": {
            "form_id": "774400112233",
            "campaign_id": "120210000000000111",
            "campaign_name": "Tracing Q4",
            "adset_name": "DACH engineering leads",
            "ad_id": "12312312312",
            "ad_name": "Tracing - video B",
            "platform": "ig",
            "disclaimer_news": "true",
            "how_many_services_do_you_run?": "50-200",
        },
        "event_id": "meta:123123123123123",
    },
    "typeform/demo_request.json": {
        "email": "ines.wallin@nordhavn-logistik.example",
        "company": "Nordhavn Logistik",
        "full_name": "Ines Wallin",
        "title": "VP Platform",
        "source": "demo_request",
        "phone": "+4531700142",
        "employees": "201-500",
        "message": "Tracing across 140 services.",
        "consent": True,
        "consent_text": "I agree that you write to me about your products.",
        "first_name": "Ines",
        "last_name": "Wallin",
        "submitted_at": "2026-11-24T09:13:41Z",
        "extra": {
            "utm_source": "newsletter",
            "utm_campaign": "tracing-q4",
            "form_id": "kT7dQm2x",
            "form_name": "Book a demo",
            "Which of these do you run?": "Kubernetes, Kafka, Nomad",
        },
        "event_id": "typeform:p3v9s1k8y2m7p3vaq0x4bd6ue5rt1wzn",
    },
    "unbounce/lead.form": {
        "email": "hugo@sabatier-freres.example",
        "company": "Sabatier Frères",
        "full_name": "Hugo Sabatier",
        "source": "unbounce",
        "phone": "+33 1 55 55 01 42",
        "employees": "51-200",
        "first_name": "Hugo",
        "last_name": "Sabatier",
        "submitted_at": "2026-11-24T10:32:00+00:00",
        "extra": {
            "utm_source": "bing",
            "gclid": "inv3nted",
            "page_name": "Tracing landing page",
            "page_url": "http://go.example.com/tracing/",
            "variant": "b",
            "which_products": "Tracing, Logs",
        },
        "event_id": "unbounce:a2838d98-0000-4000-8000-00163e372d58:2026-11-24 10:32 AM UTC:100548a40c9a2364",
    },
    "webflow/contact.json": {
        "email": "t.bielak@wislamed.example",
        "company": "Wisla Med",
        "full_name": "Tomasz Bielak",
        "title": "Head of IT",
        "source": "webflow",
        "country": "Poland",
        "phone": "48225550147",
        "message": "Do you run on our own hardware?",
        "consent": True,
        "first_name": "Tomasz",
        "last_name": "Bielak",
        "submitted_at": "2026-11-24T10:02:16.117Z",
        "extra": {
            "form_name": "Contact Us",
            "form_id": "66c1f0a27be2d1b0c4a9f777",
            "site_id": "66c1f0a27be2d1b0c4a9e001",
            "utm_source": "google",
            "utm_medium": "cpc",
        },
        "event_id": "webflow:6924a1d8df3949bfc6752301",
    },
    "webflow/contact_v1.json": {
        "email": "marta@casa-reis.example",
        "full_name": "Marta Reis",
        "source": "webflow",
        "submitted_at": "2026-11-24T10:05:00.000Z",
        "extra": {"form_name": "Newsletter", "site_id": "66c1f0a27be2d1b0c4a9e001"},
        "event_id": "webflow:6924a2bcdf3949bfc6752302",
    },
}
OTHERS: dict[str, type[Item]] = {
    "calendly/invitee_canceled.json": GivenUp,
    "google_ads/test_data.json": Ignored,
    "linkedin/notification.json": Wanted,
    "meta/notification.json": Wanted,
}
NAMES = [f"{vendor.name}/{path.name}" for vendor in vendors().values() for path in samples_of(vendor)]


def item_of(name: str) -> Item:
    vendor = vendors()[name.partition("/")[0]]
    raw, kind = sample_body(HERE / vendor.name / "samples" / name.partition("/")[2])
    (item,) = items_of(vendor, payload_of(raw, kind, vendor.bodies))
    return item


def test_every_sample_stands_in_a_table():
    assert sorted(NAMES) == sorted([*LEADS, *OTHERS])
    assert {name.partition("/")[0] for name in NAMES} == set(vendors())


@pytest.mark.parametrize("name", LEADS)
def test_a_sample_gives_the_expected_lead(name: str):
    item = item_of(name)
    assert isinstance(item, Delivery)
    given = lead_form(vendors()[name.partition("/")[0]], item)
    found = {field: value for field, value in to_form(given).__dict__.items() if value not in (None, {})}
    assert found | ({"event_id": given.event_id} if given.event_id else {}) == LEADS[name]


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_submission_is_told_apart(name: str):
    assert isinstance(item_of(name), OTHERS[name])


@pytest.mark.parametrize("name", [name for name in LEADS if LEADS[name].get("extra")])
def test_a_saved_mapping_comes_before_the_vendors_own(name: str):
    """It sees the fields under the admin's names, of this form first, and what it returns is all that the form says."""
    vendor, item = vendors()[name.partition("/")[0]], item_of(name)
    assert isinstance(item, Delivery)
    asked: list[str] = []

    def saved(source: str, flat: Any) -> dict[str, Any] | None:
        asked.append(source)
        assert dict(flat) == item.flat
        return {"email": "mapped@example.org", "favourite": "tea"} if source == vendor.name else None

    given = lead_form(vendor, item, saved)
    assert asked == ([f"{vendor.name}:{item.form}"] if item.form else []) + [vendor.name]
    form = to_form(given)
    assert (form.email, form.company, form.extra["favourite"]) == ("mapped@example.org", None, "tea")
    assert form.source == vendor.name
    assert given.event_id == LEADS[name].get("event_id"), "what the vendor itself says stays"


@pytest.mark.parametrize("vendor", vendors().values(), ids=lambda vendor: vendor.name)
def test_the_admins_page_says_where_to_click_what_to_paste_and_what_arrives(vendor: Any):
    page = page_of(vendor).read_text(encoding="utf-8")
    assert f"/webhooks/forms/{vendor.name}" in page
    for title in ("## Set it up", "## What arrives", "## When something is wrong"):
        assert title in page
    assert "FORM_SECRETS" in page
    assert len(page) > 900
