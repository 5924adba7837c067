"""Settings over a database of each kind and a folder of models of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from tests.fixtures.past import WINDOW
from tools.ml.registry import set_current
from tools.ml.train import train_bootstrap
from tools.settings import Settings
from tools.store.migrate import config_for


@pytest.fixture(scope="session")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose champion is a small bootstrap model."""
    root = tmp_path_factory.mktemp("learning") / "models"
    set_current(root, train_bootstrap(root, rows=600).name)
    return root


@pytest.fixture
def models(bootstrap: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bootstrap, tmp_path / "models"))


@pytest.fixture
def settings(models: Path, tmp_path: Path, database_url: str, database: Engine) -> Settings:
    """Commands migrate first: these tables are the newest."""
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        newest = ScriptDirectory.from_config(config_for(connection)).get_current_head()
        connection.execute(text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": newest})
    return Settings(
        _env_file=None,
        data_dir=tmp_path,
        models_folder=models,
        database_url=database_url,
        conversion_window_d=WINDOW.days,
    )
