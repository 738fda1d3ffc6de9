from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.train.imbalanced import SETTING, WORKLOADS, Binary, Imbalanced, OfMeans, drawn
from tests.train.stacks import Told, plain, together, trial
from torch.nn import functional as F

import etude
from etude.errors import WorkloadError
from etude.train.rare_classes import CountingMetrics, rare_classes, right_counts, with_counts
from etude.train.torch.checkpoints import State
from etude.train.torch.loop import Loop
from etude.train.workload import workload_of


def trained(workload, tmp_path, **given):
    question = etude.Experiment(
        metric="valid/error",
        max_steps=60,
        evaluations=3,
        trials=2,
        fixed=SETTING,
        **given,
    )
    return etude.run(question, workload, store=tmp_path / "etude.db", runner="inline")


def last(result, name):
    return result.records[0].series(name).values_P[-1]


@pytest.mark.parametrize("kind", WORKLOADS)
@pytest.mark.rule("E5")
def test_a_workload_counts_the_right_ones_of_its_rare_class(kind, tmp_path):
    result = trained(WORKLOADS[kind], tmp_path)
    rare = "1" if kind == "two classes" else "2"
    folder = result.store.files.checkpoints(result.experiment.name, 0) / "59"
    weights = State.load(folder).model

    assert last(result, f"data/examples_of_{rare}") == (drawn(1, 700)[1] == 2).sum()
    assert last(result, f"valid/right_of_{rare}") == by_hand(weights, binary=rare == "1")


def by_hand(weights, *, binary):
    """How many of the rare class a linear model has right."""
    inputs, labels = (torch.from_numpy(part) for part in drawn(1, 700))
    (weight,) = [part for part in weights.values() if part.ndim == 2]
    (bias,) = [part for part in weights.values() if part.ndim == 1]
    scores = inputs @ weight.T + bias
    right = scores[:, 0] > 0 if binary else scores.argmax(-1) == 2
    return int(right[labels == 2].sum())


def test_the_first_trial_alone_tells_of_the_data(tmp_path):
    result = trained(Imbalanced, tmp_path)

    told = [[name for name in one.points.metrics if "data/" in name] for one in result.records]

    assert len(told[0]) >= 8
    assert told[1] == []


def test_a_stack_counts_as_each_trial_alone(tmp_path):
    loop = Loop(workload_of(OfMeans))
    settings = [{**SETTING, "learning_rate": rate} for rate in (0.02, 0.1)]

    alone = [plain(loop, trial(tmp_path / "a", at, Told(), **s)) for at, s in enumerate(settings)]
    stacked = together(
        loop, [trial(tmp_path / "s", at, Told(), **s) for at, s in enumerate(settings)]
    )

    assert counts(stacked) == counts(alone)
    assert len({*counts(alone)}) > 1


def counts(several):
    return [value for told in several for value in told.values("valid/right_of_2").tolist()]


class Percent(Imbalanced):
    """Shares of examples, in percent."""

    def metrics(self, predict, batch):
        wrong = super().metrics(predict, batch)["error"]
        return {"accuracy": 100.0 * (1.0 - wrong), "error": wrong.mean()}


class PercentWrong(Percent):
    def metrics(self, predict, batch):
        return {"error": 100.0 - super().metrics(predict, batch)["accuracy"]}


class Distance(Imbalanced):
    """How far off the scores are, by another name."""

    def metrics(self, predict, batch):
        scores = predict(batch[0])
        return {"error": (scores - F.one_hot(batch[1], 3)).abs().mean(-1)}


@pytest.mark.parametrize("workload", [Percent, PercentWrong, Distance])
def test_what_is_no_0_or_1_an_example_is_counted_by_scores(workload, tmp_path):
    result = trained(workload, tmp_path)
    weights = State.load(result.store.files.checkpoints(result.experiment.name, 0) / "59").model

    assert last(result, "valid/right_of_2") == by_hand(weights, binary=False)


@pytest.mark.parametrize(("scale", "by"), [(1, "the metric"), (100, "the scores")])
def test_jax_counts_by_the_metric_where_it_is_0_or_1_and_else_by_scores(scale, by):
    jax = pytest.importorskip("jax")
    labels, says_right = np.array([0, 0, 2, 2, 2]), np.array([1, 1, 1, 1, 0])
    scores = np.eye(3)[[0, 0, 2, 1, 1]]

    def metrics(predict, batch):
        return {"accuracy": scale * (predict(batch[0])[:, 0] * 0 + says_right)}

    counting = CountingMetrics(metrics, (2,), 5)
    counted = jax.jit(lambda batch: counting(lambda inputs: inputs, batch))((scores, labels))

    assert counted["valid/right_of_2"].mean() == {"the metric": 2, "the scores": 1}[by]


def test_a_stack_counts_percent_by_scores_too(tmp_path):
    rate = {**SETTING, "learning_rate": 0.1}

    told = [
        together(Loop(workload_of(one)), [trial(tmp_path / one.__name__, 0, Told(), **rate)])
        for one in (Percent, Imbalanced)
    ]

    assert counts(told[0]) == counts(told[1])


class BinaryPercent(Binary):
    def metrics(self, predict, batch):
        return {"error": 100.0 * super().metrics(predict, batch)["error"]}


def test_percent_without_a_score_a_class_is_not_counted(tmp_path):
    assert np.isnan(last(trained(BinaryPercent, tmp_path), "valid/right_of_1"))


def test_a_workload_without_rare_classes_is_left_as_it_is():
    workload = workload_of(Imbalanced)
    even = np.arange(300) % 3
    object.__setattr__(workload, "training", (workload.training[0], torch.from_numpy(even)))
    object.__setattr__(workload, "validation", (workload.validation[0][:300], even))

    assert with_counts(workload) is workload


def test_scores_count_as_the_class_with_the_highest():
    scores = np.eye(3)[[0] * 40 + [1] * 40 + [2, 0, 2]]

    counts = right_counts(scores, [0] * 40 + [1] * 40 + [2, 2, 2])

    assert counts == {"valid/right_of_2": 2.0, "data/examples_of_2": 3.0}


def test_the_rarest_come_first_and_only_so_many():
    labels = np.repeat(np.arange(12), [1000, *range(11, 0, -1)])

    assert rare_classes(labels, most=3) == [11, 10, 9]


def test_as_many_predictions_as_labels_are_asked_for():
    with pytest.raises(WorkloadError, match=r"\(2,\).*\(3,\)"):
        right_counts([0, 1], [0, 1, 1])


def test_one_column_is_the_class_and_scores_need_labels_that_are_places():
    column = [[0]] * 20 + [[1], [0]]
    assert right_counts(column, [0] * 20 + [1, 1])["valid/right_of_1"] == 1.0

    with pytest.raises(WorkloadError, match="those of the labels 0 to 1"):
        right_counts([[0.1, 0.9]] * 21, ["cat"] * 20 + ["owl"])
