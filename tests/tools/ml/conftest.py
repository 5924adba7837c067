"""One bootstrap model for all tests about models: training it takes about a second."""

import pytest

from tools.ml.train import train_bootstrap


@pytest.fixture(scope="session")
def model_path(tmp_path_factory):
    return train_bootstrap(tmp_path_factory.mktemp("models"))
