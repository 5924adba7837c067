"""The model that ships: the very one that training makes, used only where it fits, and a first start's only price."""

import json
import shutil
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from tools.ml.generator import draw
from tools.ml.registry import ensure_bootstrap, load, save
from tools.ml.registry.roles import read_roles
from tools.ml.registry.shipped import FOLDER, put
from tools.ml.shipping import ship
from tools.xgb import XgbScorer

AGAIN = "run .venv/bin/python -m tools.ml.shipping"


@pytest.fixture
def shipped(tmp_path):
    """A copy to be spoilt."""
    return Path(shutil.copytree(FOLDER, tmp_path / "shipped"))


def the_one(folder):
    (card,) = folder.glob("*/card.json")
    return card.parent


def numbers(path, rows):
    return np.array(
        [(*astuple(one)[:2], *one.margins, *astuple(one)[3:]) for one in XgbScorer(path).score(rows)], float
    )


def test_training_again_tells_the_same_of_every_lead(model_path):
    rows = draw(2_000, seed=7).rows
    was, now = numbers(the_one(FOLDER), rows), numbers(model_path, rows)
    np.testing.assert_allclose(now, was, rtol=1e-4, atol=1e-4, err_msg=AGAIN)


def test_its_card_is_the_one_that_training_writes(model_path):
    was, now = (json.loads((path / "card.json").read_text()) for path in (the_one(FOLDER), model_path))
    for card in (was, now):
        for name in ("created", "environment", "files"):
            del card[name]
    assert now["heads"].keys() == was["heads"].keys(), AGAIN
    for name, head in now["heads"].items():
        shown = was["heads"][name]
        assert head.pop("figures") == pytest.approx(shown.pop("figures"), abs=2e-3), AGAIN
        for part in ("calibration", "spread"):
            for key, values in (head.pop(part) or {}).items():
                assert_alike(values, shown[part][key])
            del shown[part]
    assert now == was, AGAIN
    assert was["synthetic"] is True


def assert_alike(now, was):
    if isinstance(now, dict):
        assert now.keys() == was.keys(), AGAIN
        for key in now:
            assert_alike(now[key], was[key])
    elif isinstance(now, list):
        np.testing.assert_allclose(now, was, atol=2e-3, err_msg=AGAIN)
    else:
        assert now == was, AGAIN


def test_a_first_start_neither_trains_nor_loads_xgboost(tmp_path):
    code = (
        "import sys, pathlib; from tools.ml.registry import ensure_bootstrap; from tools.xgb import XgbScorer;"
        "XgbScorer(ensure_bootstrap(pathlib.Path(sys.argv[1])));"
        "print(sys.modules.keys() & {'xgboost', 'tools.ml.train', 'tools.ml.generator'})"
    )
    told = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
    assert load(tmp_path / the_one(FOLDER).name).files == load(the_one(FOLDER)).files
    assert [entry.what for entry in read_roles(tmp_path).log] == ["bootstrap"]


@pytest.mark.parametrize("spoil", ["features", "xgboost", "bytes", "no card", "nothing"])
def test_one_that_does_not_fit_is_not_used_and_training_takes_its_place(
    spoil, shipped, tmp_path, monkeypatch, model_path
):
    one = the_one(shipped)
    card = json.loads((one / "card.json").read_text())
    if spoil == "features":
        model = load(one)
        other = model.card.model_copy(update={"features_digest": "0123456789abcdef"})
        shutil.rmtree(one)
        shutil.move(save(tmp_path / "other", other, model.files), shipped)
    elif spoil == "xgboost":
        (one / "card.json").write_text(json.dumps(card | {"environment": {"xgboost": "99.0"}}))
    elif spoil == "bytes":
        (one / "acv.json").write_bytes(b"{}")
    elif spoil == "no card":
        (one / "card.json").write_text("{}")
    else:
        shutil.rmtree(shipped)
    root = tmp_path / "models"
    with capture_logs() as said:
        assert put(root, shipped) is None
    assert [line["event"] for line in said] == ([] if spoil == "nothing" else ["shipped_model_not_used"])
    monkeypatch.setattr("tools.ml.registry.choosing.shipped.put", lambda root: put(root, shipped))
    assert ensure_bootstrap(root) == root / model_path.name, "trained here"


def test_shipping_leaves_one_model_that_loads(shipped, model_path):
    (shipped / "0123").mkdir()
    made = ship(shipped)
    assert [path.name for path in shipped.iterdir()] == [made.name] == [model_path.name]
    load(made)
    assert list(shipped.parent.iterdir()) == [shipped]
