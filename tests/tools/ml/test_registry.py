"""Model folders: whole or absent, checked on loading, and safe with two processes at once."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from graph.features.vector import FEATURES_DIGEST
from tools.ml import registry
from tools.ml.registry import ModelError, current, ensure_bootstrap, load, save, set_current
from tools.ml.registry.roles import change_roles


@pytest.fixture
def copy(model_path, tmp_path):
    """A model of our own to damage."""
    return Path(shutil.copytree(model_path, tmp_path / model_path.name))


def choose(root: Path, digest: str) -> None:
    """Whatever that folder holds."""
    change_roles(root, lambda roles: roles.model_copy(update={"champion": digest}))


def test_a_saved_model_loads_as_it_was(model_path):
    model = load(model_path)
    assert model.digest == model_path.name == model.card.digest()
    assert set(model.files) == {registry.PROPENSITY, registry.ACV, registry.TIME}


def test_a_changed_file_is_refused_with_both_digests(copy):
    before = load(copy).card.files[registry.PROPENSITY]
    (copy / registry.PROPENSITY).write_bytes(b"{}")
    with pytest.raises(ModelError, match="damaged") as caught:
        load(copy)
    assert before in str(caught.value)
    assert str(caught.value).count("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a") == 1


def test_a_changed_card_is_refused_with_both_digests(copy):
    card = json.loads((copy / registry.CARD).read_text())
    card["heads"]["propensity"]["calibration"]["low"][0] += 0.0001
    (copy / registry.CARD).write_text(json.dumps(card))
    with pytest.raises(ModelError, match=copy.name):
        load(copy)


def test_a_model_of_other_features_is_refused_with_both_digests(copy):
    model = load(copy)
    strange = model.card.model_copy(update={"features_digest": "0123456789abcdef"})
    path = save(copy.parent, strange, model.files)
    with pytest.raises(ModelError, match=f"0123456789abcdef.*{FEATURES_DIGEST}"):
        load(path)


def test_a_model_of_a_table_has_features_of_its_own(copy):
    model = load(copy)
    table = model.card.model_copy(update={"kind": "table", "features_digest": "0123456789abcdef"})
    assert load(save(copy.parent, table, model.files)).card == table.model_copy(update={"files": model.card.files})


def test_a_head_whose_file_is_not_kept_is_named(copy):
    model = load(copy)
    path = save(copy.parent, model.card, {registry.PROPENSITY: model.files[registry.PROPENSITY]})
    with pytest.raises(ModelError, match=registry.ACV):
        load(path)


def test_a_model_of_a_newer_xgboost_is_refused_and_one_of_an_older_is_not(copy):
    model = load(copy)
    for version, fits in (("99.1.0", False), ("1.7.6", True)):
        other = model.card.model_copy(
            update={"environment": model.card.environment | {"xgboost": version}, "seed": fits}
        )
        path = save(copy.parent, other, model.files)
        if fits:
            load(path)
            continue
        with pytest.raises(ModelError, match=r"99\.1\.0"):
            load(path)


@pytest.mark.parametrize("name", [registry.CARD, registry.ACV])
def test_a_missing_file_is_named(copy, name):
    (copy / name).unlink()
    with pytest.raises(ModelError, match=name):
        load(copy)


def test_a_card_that_is_none_is_refused(copy):
    (copy / registry.CARD).write_text('{"name": 3}')
    with pytest.raises(ModelError, match="not a model card"):
        load(copy)


def test_saving_a_model_again_keeps_it_and_mends_a_damaged_one(copy):
    model = load(copy)
    assert save(copy.parent, model.card, model.files) == copy
    (copy / registry.ACV).write_bytes(b"{}")
    assert save(copy.parent, model.card, model.files) == copy
    load(copy)
    assert not list(copy.parent.glob(".writing-*"))


def test_saving_at_the_same_time_succeeds_for_everybody(model_path, tmp_path):
    model = load(model_path)
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: save(tmp_path, model.card, model.files), range(32)))
    assert set(paths) == {tmp_path / model.digest}
    load(paths[0])
    assert [path.name for path in tmp_path.iterdir()] == [model.digest]


def test_the_current_model_is_chosen_by_name_and_only_if_it_loads(copy):
    root = copy.parent
    assert current(root) is None
    set_current(root, copy.name)
    assert current(root) == copy
    with pytest.raises(ModelError):
        set_current(root, "0000000000000000")
    assert current(root) == copy


def test_the_first_start_trains_and_the_next_one_finds_the_model(tmp_path):
    path = ensure_bootstrap(tmp_path)
    written = (path / registry.CARD).stat().st_mtime_ns
    assert ensure_bootstrap(tmp_path) == path == current(tmp_path)
    assert (path / registry.CARD).stat().st_mtime_ns == written


def test_a_current_model_of_other_features_is_replaced_and_left_where_it_is(copy):
    model = load(copy)
    strange = save(copy.parent, model.card.model_copy(update={"features_digest": "0123456789abcdef"}), model.files)
    choose(copy.parent, strange.name)
    path = ensure_bootstrap(copy.parent)
    assert path == current(copy.parent) != strange
    assert strange.is_dir()


def test_a_current_model_that_does_not_load_is_replaced_and_left_where_it_is(copy):
    root, strange = copy.parent, copy.parent / "strange"
    copy.rename(strange)
    choose(root, "strange")
    with capture_logs() as said:
        path = ensure_bootstrap(root)
    assert load(path).path == path == current(root)
    assert strange.is_dir()
    assert any("strange" in str(line) for line in said), "the log says which model was replaced"


def test_two_first_starts_at_once_both_succeed_with_one_model(tmp_path):
    code = (
        "import sys, pathlib; from tools.ml.registry import ensure_bootstrap;"
        "print(ensure_bootstrap(pathlib.Path(sys.argv[1])))"
    )
    starts = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = {start.communicate(timeout=60)[0].strip().splitlines()[-1] for start in starts}
    assert all(start.returncode == 0 for start in starts)
    assert told == {str(current(tmp_path))}


def test_a_usual_start_does_not_load_xgboost(model_path, tmp_path):
    root = Path(shutil.copytree(model_path.parent, tmp_path / "models"))
    set_current(root, model_path.name)
    code = (
        "import sys, pathlib; from tools.ml.registry import ensure_bootstrap; from tools.xgb import XgbScorer;"
        "XgbScorer(ensure_bootstrap(pathlib.Path(sys.argv[1]))); print('xgboost' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
