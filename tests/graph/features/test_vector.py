"""The vector as a whole: names that users know, one order, float32, and a digest that notices changes."""

import math
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from graph.domain.account import CrmAccount, Opportunity
from graph.features import intent, vector
from graph.features.inputs import feature_input
from graph.features.probes import PROBES
from graph.features.vector import FEATURES, FEATURES_DIGEST, NAMES, vector_of

_KNOWN = """
hasCompany hasTitle hasPhone emailDomainType titleSeniority companySizeEstimate emailOpenCount emailClickCount
pageViewCount formSubmitCount meetingCount callCount activityVelocity channelDiversity highValueActionCount
daysSinceCreated daysSinceLastActivity recencyScore activityBurst dayPattern timePattern quarterEndProximity
emailOpenRate emailClickRate sequenceEngagement avgResponseTime isInActiveSequence
industryGroup logEmployees logRevenue fundingStage technologyCount hiringVelocityDevOps hiringVelocitySRE hiringVelocitySecOps
jobPostKeywords jobPostCompetitor hiringLeadership familyOpenOpportunities
"""
KNOWN_NAMES = _KNOWN.split()


def known(inp):
    return dict(zip(NAMES, vector_of(inp), strict=True))


def test_the_names_that_users_know_are_there_once():
    assert len(set(NAMES)) == len(NAMES)
    assert set(KNOWN_NAMES) <= set(NAMES)


def test_every_feature_says_what_it_is_and_when_it_is_known():
    for feature in FEATURES:
        assert feature.doc
        assert feature.category in {"demographic", "behavioral", "temporal", "engagement"}
        assert feature.known_at in {"submission", "enrichment", "history"}


@pytest.mark.parametrize("probe", PROBES)
def test_a_vector_is_complete_and_exact_in_float32(probe):
    values = vector_of(probe)
    assert len(values) == len(FEATURES)
    assert not any(math.isinf(value) for value in values)
    again = np.array(values, dtype=np.float32).tolist()
    assert all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(values, again, strict=True))


@pytest.mark.parametrize("probe", PROBES)
def test_codes_are_names_or_unknown(probe):
    for feature, value in zip(FEATURES, vector_of(probe), strict=True):
        if feature.labels and not math.isnan(value):
            assert feature.labels[int(value)]
            assert value == int(value)


def test_nothing_typed_is_unknown_and_never_invented():
    values = known(PROBES[0])
    for name in ("titleSeniority", "companySizeEstimate", "logEmployees", "logRevenue", "industryGroup", "sourceIntent",
                 "daysSinceLastActivity", "emailOpenRate", "avgResponseTime"):  # fmt: skip
        assert math.isnan(values[name]), name
    assert values["recencyScore"] == values["hasCompany"] == values["messageLength"] == 0


def test_what_lies_behind_the_moment_seen_from_does_not_count():
    probe = PROBES[-1]
    later = replace(probe, activities=(*probe.activities, ("meeting", probe.received_at + timedelta(seconds=1))))
    assert vector_of(later) == vector_of(probe)


def test_the_same_moment_in_another_zone_gives_the_same_vector():
    probe = PROBES[-1]
    tokyo = replace(probe, received_at=probe.received_at.astimezone(timezone(timedelta(hours=9))))
    assert vector_of(tokyo) == vector_of(probe)


@pytest.mark.parametrize(
    ("at", "days"),
    [((2026, 3, 31), 0), ((2026, 1, 1), 89), ((2026, 10, 1), 91), ((2026, 12, 31), 0), ((2024, 2, 29), 31)],
)
def test_the_quarter_ends_on_its_last_day(at, days):
    assert known(replace(PROBES[0], received_at=datetime(*at, 12, tzinfo=UTC)))["quarterEndProximity"] == days


def test_the_digest_is_the_same_in_every_process():
    code = "from graph.features.vector import FEATURES_DIGEST; print(FEATURES_DIGEST)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == FEATURES_DIGEST


def test_the_digest_changes_with_a_definition(monkeypatch):
    monkeypatch.setattr(intent, "source_code", lambda _source: 1.0)
    assert vector._digest() != FEATURES_DIGEST


def test_the_digest_changes_with_a_word_list(monkeypatch):
    monkeypatch.setattr(intent, "WORDS", intent.WORDS | {intent.LOW: "thesis"})
    assert vector._digest() != FEATURES_DIGEST


def test_open_opportunities_of_company_and_parent_count_once_each_and_none_known_is_unknown():
    lead, at = PROBES[1].lead, PROBES[1].received_at

    def count(crm):
        return known(feature_input(lead, None, at, crm=crm))["familyOpenOpportunities"]

    own, shared, theirs = (Opportunity(number, "deal", None, None, None) for number in "123")
    assert count(CrmAccount(open_opportunities=(own, shared), parent_opportunities=(shared, theirs))) == 3
    assert count(CrmAccount(parent_opportunities=(theirs,))) == 1
    assert math.isnan(count(CrmAccount(company_id="7")))
    assert math.isnan(count(None))
