from __future__ import annotations

from functools import partial

from tests.train.imbalanced import SETTING, Imbalanced

import etude

ERRORS = [0.9, 0.3, 0.5, 0.1, 0.4, 0.2, 0.6, 0.7]
LOSSES = [0.9, 0.1, 0.5, 0.4, 0.3, 0.2, 0.6, 0.7]


def write(step, folder):
    (folder / "w").write_text(str(step))


def by_hand(trial):
    """A loop of one's own, which saves at every evaluation."""
    trial.restore(lambda folder: None)
    for step in trial.steps():
        values = {"valid/error": ERRORS[step], "valid/loss": LOSSES[step]}
        trial.report(step, values, checkpoint=partial(write, step))


def played(train, tmp_path, **given):
    plain = {"metric": "valid/error", "max_steps": 8, "evaluations": 8, "trials": 1}
    question = etude.Experiment(**{**plain, "keep_checkpoints": 3, **given})
    return etude.run(question, train, store=tmp_path / "etude.db", runner="inline")


def names(paths):
    return [path.name for path in paths]


def test_the_best_of_a_loop_of_ones_own_are_there_best_first_and_the_last(tmp_path):
    result = played(by_hand, tmp_path)

    assert names(result.checkpoints) == ["3", "5", "1", "7"]
    assert [(path / "w").read_text() for path in result.checkpoints] == ["3", "5", "1", "7"]


def test_another_metric_chooses_another_of_them_afterwards(tmp_path):
    result = played(by_hand, tmp_path).judged_by("valid/loss")

    assert names(result.checkpoints) == ["1", "5", "3", "7"]
    assert names(result.best_checkpoint) == ["1"]


def test_what_is_maximized_afterwards_comes_highest_first(tmp_path):
    result = played(by_hand, tmp_path).judged_by("valid/loss", maximize=True)

    assert names(result.best_checkpoint) == ["7"]


def test_the_best_of_a_workload_are_there_and_each_is_what_it_was(tmp_path):
    question = etude.Experiment(
        metric="valid/error",
        max_steps=24,
        evaluations=12,
        trials=1,
        keep_checkpoints=3,
        fixed=SETTING,
    )
    result = etude.run(question, Imbalanced, store=tmp_path / "etude.db", runner="inline")
    series = result.best.series("valid/error")
    by_step = dict(zip(series.steps_P.tolist(), series.values_P.tolist(), strict=True))
    values = [by_step[int(path.name)] for path in result.checkpoints]

    assert len(values) in (3, 4)
    assert values[:3] == sorted(series.values_P.tolist())[:3]
    assert values == sorted(values)
