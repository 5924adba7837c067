"""`app.py evaluate` from a file to a card: on generated tables whose truth is known, with names and texts that mean harm."""

import argparse
import contextlib
import csv
import io
import json
import math
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from tools.cli.ml import evaluate
from tools.ml import registry
from tools.ml.evaluating import reference
from tools.ml.table import folder
from tools.ml.table.outcomes import Asked
from tools.ml.table.training import Request, train

HOSTILE = '<script>document.title="owned"</script>| $x^2$ [a](javascript:alert(1)) ![b](http://evil.example/x.png)'
CHROMIUM = Path("/usr/bin/chromium")


def leads(seed, rows, shift=0.0, first=date(2023, 1, 1), days=300):
    """Rows of a world: odds depend on visits and plan; from `first` on over `days`, moved by `shift` log-odds."""
    random = np.random.default_rng(seed)
    for n in range(rows):
        visits, plan = random.poisson(3), random.choice(["free", HOSTILE, "pro"])
        odds = -2.2 + 0.5 * visits + {"free": -0.5, HOSTILE: 0.8, "pro": 0.3}[str(plan)] + shift
        yield {
            "id": f"s{seed}-{n}",
            "created": (first + timedelta(days=n * days // rows)).isoformat(),
            HOSTILE: str(visits),
            "plan": str(plan),
            "seats": str(int(random.integers(1, 200))),
            "won": "yes" if random.random() < 1 / (1 + math.exp(-odds)) else "no",
        }


def write(path, rows):
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A model of 3,000 leads of 2023, divided by time."""
    root = tmp_path_factory.mktemp("evaluate")
    data = write(root / "leads.csv", leads(1, 3_000))
    train(Request(Asked("propensity", "won", "created"), data, root / "model", id="id"))
    return SimpleNamespace(root=root, data=data, model=root / "model")


@pytest.fixture(scope="module")
def measured(world):
    """Evaluated once on the file of its training: exit code, what was printed, and the folder of the card."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = evaluate.run(parsed("--model", world.model, "--data", world.data, "--out", world.root / "card"))
    found = json.loads((world.root / "card" / "evaluation.json").read_text())
    return SimpleNamespace(code=code, out=printed.getvalue(), card=world.root / "card", found=found)


def parsed(*options):
    parser = argparse.ArgumentParser()
    evaluate.add(parser)
    return parser.parse_args([str(option) for option in options])


def run(world, capsys, *options, data=None, out=None):
    given = ("--model", world.model, "--data", data or world.data, "--out", out or world.root / "other")
    code = evaluate.run(parsed(*given, *options))
    told = capsys.readouterr()
    return code, told.out, told.err


def test_the_file_of_the_training_is_measured_on_its_held_out_rows_alone(measured):
    assert measured.code == 0
    rows, out = measured.found["measured"]["rows"], measured.out
    assert rows < 700
    assert f"{rows:,} of 3,000 rows; the others were looked at in training" in out
    for title in ("ROC-AUC", "PR-AUC", "precision, first 5%", "lift, first 20%", "Brier score", "ECE, equal mass"):
        assert title in out
    assert "logistic regression" in out
    assert "base rate" in out


def test_figures_are_of_the_model_that_was_asked(measured):
    found = measured.found["measured"]
    base, precision = found["base_rate"]["value"], found["figures"]["precision_at_20"]
    assert precision["bound"] == pytest.approx(min(1, base / 0.2))
    assert precision["value"] <= precision["bound"]
    assert 0.7 < found["figures"]["roc_auc"]["value"] < 0.9
    assert (
        found["figures"]["roc_auc"]["low"] < found["figures"]["roc_auc"]["value"] < found["figures"]["roc_auc"]["high"]
    )
    assert found["baselines"]["base rate"]["roc_auc"]["value"] == 0.5
    assert not found["calibration"]["p_value"] < 0.01


def test_rows_of_the_training_in_another_file_are_recognised(world, capsys):
    rows = list(csv.DictReader(world.data.open(encoding="utf-8")))
    mixed = write(world.root / "mixed.csv", [*rows[:500], *leads(2, 400, first=date(2023, 12, 1), days=100)])
    _, out, _ = run(world, capsys, data=mixed)
    assert "400 of 900 rows; the others were looked at in training" in out


def test_only_rows_of_the_training_are_refused_and_all_warns(world, capsys):
    rows = list(csv.DictReader(world.data.open(encoding="utf-8")))
    old = write(world.root / "old.csv", rows[:500])
    code, _, err = run(world, capsys, data=old)
    assert code == 2
    assert "trained on all of its 500 rows" in err
    assert "--all" in err
    code, out, _ = run(world, capsys, "--all", data=old)
    assert code in {0, 1}
    assert "500 of the 500 rows were looked at in training; the figures flatter the model" in out


def test_a_later_period_that_moved_is_flagged_and_recalibration_by_month_helps(world, capsys):
    later = write(world.root / "later.csv", leads(3, 1_500, shift=1.2, first=date(2024, 2, 1), days=120))
    code, out, _ = run(world, capsys, "--recalibrate-on", "last-month", data=later)
    assert code == 1
    assert "OFF beyond chance" in out
    assert "2024-03" in out
    found = json.loads((world.root / "other" / "evaluation.json").read_text())["recalibration"]
    assert found["gain"]["brier"]["high"] < 0
    assert found["off_before"]
    assert not found["off_after"]


def test_the_recalibrated_model_is_one_of_its_own_that_knows_its_rows(world, capsys):
    new = write(world.root / "new.csv", leads(4, 600, shift=1.2, first=date(2024, 2, 1), days=30))
    later = write(world.root / "after.csv", leads(5, 1_500, shift=1.2, first=date(2024, 4, 1), days=30))
    before, _, _ = folder.find(world.model)
    code, out, _ = run(world, capsys, "--recalibrate-on", str(new), data=later, out=world.root / "moved")
    assert code == 1
    moved, _, _ = folder.find(world.root / "moved" / "recalibrated")
    assert moved.digest != before.digest
    assert str(moved.path) in out
    assert "recalibrated" in moved.card.training
    assert moved.files["propensity.json"] == before.files["propensity.json"]
    assert folder.find(world.model)[0].digest == before.digest
    again = SimpleNamespace(root=world.root, data=later, model=moved.path)
    code, out, _ = run(again, capsys)
    assert code == 0
    assert "No more than chance" in out
    assert reference.seen(moved.files[reference.KNOWN_ROWS], ["s4-1", "s5-1"]).tolist() == [True, False]


def test_recalibration_on_the_measured_rows_themselves_is_refused(world, capsys):
    later = write(world.root / "same.csv", leads(6, 400, first=date(2024, 4, 1), days=30))
    code, _, err = run(world, capsys, "--recalibrate-on", str(later), data=later)
    assert code == 2
    assert "every measured row is in it" in err


def test_too_few_new_rows_are_refused_with_the_number_needed(world, capsys):
    few = write(world.root / "few.csv", leads(7, 40, first=date(2024, 4, 1), days=30))
    code, _, err = run(world, capsys, "--recalibrate-on", str(few))
    assert code == 2
    assert "at least 100 leads" in err


def test_a_folder_without_a_record_of_its_rows_is_split_anew_and_says_so(world, capsys, tmp_path):
    model, _, _ = folder.find(world.model)
    bare = {name: content for name, content in model.files.items() if name.endswith("propensity.json")}
    registry.save(tmp_path, model.card, bare)
    path = next(each for each in tmp_path.iterdir() if each.is_dir())
    _, out, _ = run(SimpleNamespace(root=tmp_path, data=world.data, model=path), capsys)
    assert "keeps no record of its training rows" in out


def test_a_missing_model_or_target_is_named(world, capsys):
    nowhere = SimpleNamespace(root=world.root, data=world.data, model=world.root / "nowhere")
    code, _, err = run(nowhere, capsys)
    assert (code, "no model there" in err) == (2, True)
    code, _, err = run(world, capsys, "--target", "lost")
    assert code == 2
    assert "--target" in err


def test_outcomes_all_alike_cannot_be_measured(world, capsys):
    alike = [{**row, "won": "yes"} for row in leads(8, 300, first=date(2024, 4, 1))]
    code, _, err = run(world, capsys, data=write(world.root / "alike.csv", alike))
    assert code == 2
    assert "won" in err


def test_terminal_text_of_a_hostile_name_moves_no_cursor(measured):
    assert all(character.isprintable() or character == "\n" for character in measured.out)


def test_without_out_the_card_stands_beside_the_model_and_not_in_it(world, capsys):
    model, _, _ = folder.find(world.model)
    evaluate.run(parsed("--model", model.path, "--data", world.data))
    assert (world.model / f"evaluation-{model.digest}" / "card.html").is_file()
    registry.load(model.path)
    capsys.readouterr()


def test_html_and_markdown_show_texts_of_the_file_literally(measured):
    page = (measured.card / "card.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    text = (measured.card / "card.md").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "](javascript" not in text
    assert "](http" not in text
    rows = [line for line in text.splitlines() if line.startswith("|") and "document" in line]
    assert rows
    assert {line.replace("\\|", "").count("|") for line in rows} <= {3, 5}
    assert len(list((measured.card / "plots").glob("*.svg"))) == 7


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")
def test_the_card_opens_in_a_browser_without_network_script_or_overflow(measured):
    asked = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1_200, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        page.goto((measured.card / "card.html").as_uri())
        assert page.title().startswith("Model card")
        drawn = page.eval_on_selector_all("figure img", "all => all.map(i => i.complete && i.naturalWidth > 100)")
        assert drawn == [True] * 7
        for width in (1_200, 400):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_contract_values_and_days_have_their_own_figures_and_plots(tmp_path, capsys):
    random = np.random.default_rng(9)
    rows = []
    for n in range(700):
        size = float(np.exp(random.normal(4, 1)))
        took = float(random.exponential(20 * (size / 50) ** 0.5)) + 1
        start = date(2023, 1, 1) + timedelta(days=int(random.integers(0, 300)))
        end = start + timedelta(days=int(took))
        rows.append(
            {
                "id": str(n),
                "size": f"{size:.0f}",
                "value": f"{300 * size * math.exp(random.normal(0, 0.4)):.0f}",
                "start": start.isoformat(),
                "end": end.isoformat() if end < date(2023, 11, 15) else "",
            }
        )
    data = write(tmp_path / "deals.csv", rows)
    for task, target, time, ours, out in (
        ("acv", "value", None, {"r2", "r2_of_log", "spearman", "mae", "coverage", "mean_width"}, ("end", "start")),
        ("time-to-close", "end", "start", {"concordance", "coverage_of_closed"}, ("value",)),
    ):
        train(Request(Asked(task, target, time), data, tmp_path / task, id="id", exclude=out))
        at = SimpleNamespace(root=tmp_path, data=data, model=tmp_path / task)
        code, _, err = run(at, capsys, out=tmp_path / f"card-{task}")
        assert (code, err) == (0, "")
        found = json.loads((tmp_path / f"card-{task}" / "evaluation.json").read_text())
        assert ours <= set(found["measured"]["figures"])
        assert 0.6 < found["measured"]["ranges"]["covered"]["value"] <= 1
        assert list((tmp_path / f"card-{task}" / "plots").glob("*.svg"))
