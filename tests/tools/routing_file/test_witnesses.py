from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from graph.domain.routing import RoutingFacts
from tools.routing_file import parse
from tools.routing_file.proving import lead_of

PLACES = [(None, None), ("US", None), ("US", "US-CA"), ("GB", "GB-LND"), ("DE", "DE-BY"), ("FR", "FR-75C")]


@given(
    st.sampled_from(PLACES),
    st.fixed_dictionaries(
        {
            "postal": st.sampled_from([None, "10000", "SW1A"]),
            "industry": st.sampled_from([None, "other_industry"]),
            "employees": st.sampled_from([None, 0, 50]),
            "revenue_usd": st.sampled_from([None, 1_000_000]),
            "score": st.sampled_from([None, 0.5]),
            "tier": st.sampled_from([None, "top"]),
        }
    ),
)
def test_a_witness_pasted_into_a_test_of_the_file_is_the_same_lead(place, others):
    facts = RoutingFacts(country=place[0], state=place[1], **others)
    test = {"name": "t", "lead": lead_of(facts), "expect": {"owner": "g@company.com"}}
    assert parse(json.dumps({"DEFAULT": "g@company.com", "tests": [test]})).tests[0].facts == facts
