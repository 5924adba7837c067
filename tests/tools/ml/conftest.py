"""One bootstrap model for all tests about models: training it takes about a second."""

import pytest

from tools.ml.train import train_bootstrap


@pytest.fixture(scope="session")
def model_path(tmp_path_factory):
    return train_bootstrap(tmp_path_factory.mktemp("models"))


@pytest.fixture
def models(model_path, tmp_path):
    """A folder with three models that load: their names, the first serving."""
    from tools.ml.registry import load, save, set_current

    root = tmp_path / "models"
    model = load(model_path)
    paths = [save(root, model.card.model_copy(update={"note": note}), model.files) for note in ("one", "two", "three")]
    set_current(root, paths[0].name)
    return root, [path.name for path in paths]
