"""A small table of leads with known odds, and a model of it."""

import numpy as np
import polars as pl
import pytest

from tools.ml.table.outcomes import Asked
from tools.ml.table.training import Request, train


def leads(seed, rows):
    """Leads whose odds rise with visits and for referrals, with blanks and a column that says nothing."""
    random = np.random.default_rng(seed)
    visits, source = random.poisson(4, rows), random.choice(["ads", "search", "referral"], rows, p=[0.5, 0.3, 0.2])
    odds = -2.5 + 0.4 * visits + 1.5 * (source == "referral")
    yes = random.random(rows) < 1 / (1 + np.exp(-odds))
    return pl.DataFrame(
        {
            "lead": [f"L-{seed}-{i}" for i in range(rows)],
            "visits": [f"{v}" if random.random() > 0.05 else "" for v in visits],
            "source": source,
            "country": random.choice(["DE", "US", "FR"], rows),
            "converted": np.where(yes, "yes", "no"),
        }
    )


@pytest.fixture(scope="session")
def leads_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "leads.csv"
    leads(1, 3_000).write_csv(path)
    return path


@pytest.fixture(scope="session")
def trained(leads_file, tmp_path_factory):
    asked = Asked("propensity", "converted")
    return train(Request(asked, leads_file, tmp_path_factory.mktemp("models") / "m", id="lead"))


@pytest.fixture
def later_file(tmp_path):
    path = tmp_path / "later.csv"
    leads(2, 1_000).write_csv(path)
    return path
