from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from tests.train.imbalanced import SETTING, Imbalanced, InJax, drawn
from tests.train.stacks import Told, plain, together, trial
from torch.utils.data import TensorDataset

import etude
from etude.errors import WorkloadError
from etude.report.predictions import predictions
from etude.train.predictions import (
    FILE,
    MAX_BYTES,
    chosen_examples,
    read_predictions,
    save_predictions,
)
from etude.train.torch.loop import Loop
from etude.train.workload import workload_of

IMAGES, LABELS = np.random.default_rng(0).random((50, 3, 90, 90)), np.arange(50) % 3


def result_of(workload, tmp_path):
    question = etude.Experiment(
        metric="valid/error", max_steps=40, evaluations=4, trials=2, fixed=SETTING
    )
    return etude.run(question, workload, store=tmp_path / "etude.db", runner="inline")


@pytest.mark.parametrize("workload", [Imbalanced, InJax])
@pytest.mark.rule("E7")
def test_a_workload_saves_them_beside_its_best_checkpoint_and_counts_its_rare_class(
    workload, tmp_path
):
    pytest.importorskip("jax")

    result = result_of(workload, tmp_path)
    predicted = read_predictions(*result.best_checkpoint)
    right = result.records[0].series("valid/right_of_2").values_P

    assert [one.label for one in predicted].count("2") >= 2
    assert all(0.3 < one.score <= 1.0 for one in predicted)
    assert 0 < right.max() <= (drawn(1, 700)[1] == 2).sum()


class WithDropout(Imbalanced):
    def model(self, setting):
        return torch.nn.Sequential(torch.nn.Dropout(0.1), super().model(setting))


@pytest.mark.parametrize("workload", [Imbalanced, WithDropout])
def test_a_stack_saves_what_the_model_of_each_trial_says(tmp_path, workload):
    loop = Loop(workload_of(workload))
    settings = [{**SETTING, "learning_rate": rate} for rate in (0.02, 0.5)]

    [plain(loop, trial(tmp_path / "a", at, Told(), **one)) for at, one in enumerate(settings)]
    together(loop, [trial(tmp_path / "s", at, Told(), **one) for at, one in enumerate(settings)])

    assert said(tmp_path / "s") == pytest.approx(said(tmp_path / "a"), rel=1e-4)


def said(folder):
    files = sorted(folder.rglob(FILE), key=lambda path: path.parts[-4:])
    return [one.score for path in files for one in read_predictions(path.parent)]


def test_they_are_the_same_examples_in_every_trial(tmp_path):
    result = result_of(Imbalanced, tmp_path)
    folders = [result.store.files.checkpoints(result.experiment.name, at) / "39" for at in (0, 1)]

    first, second = ([one.example for one in read_predictions(folder)] for folder in folders)

    assert first == second


def test_the_page_counts_the_right_ones_and_marks_the_wrong_ones(tmp_path):
    save_predictions(tmp_path, np.eye(3)[[0, 1, 1]], (np.zeros((3, 4)), np.array([0, 1, 2])))

    told = predictions(read_predictions(tmp_path))

    assert "3 validation examples, 2 of 3 right" in told["predictions_note"]
    assert [row["wrong"] for row in told["predictions"]] == [False, False, True]


def test_a_model_that_cannot_be_asked_saves_its_checkpoint_all_the_same(tmp_path):
    class Minds(Imbalanced):
        def metrics(self, predict, batch):
            assert len(batch[1]) > 100, "a whole batch, please"
            return super().metrics(predict, batch)

    folder = result_of(Minds, tmp_path).best_checkpoint[0]

    assert (folder / "model.safetensors").is_file()
    assert read_predictions(folder) == []


def test_large_pictures_of_many_examples_are_a_small_file(tmp_path):
    save_predictions(tmp_path, np.eye(3)[LABELS], (IMAGES, LABELS))

    assert (tmp_path / FILE).stat().st_size < MAX_BYTES / 4
    assert all(one.picture for one in read_predictions(tmp_path))


def test_values_without_classes_are_written_as_numbers(tmp_path):
    save_predictions(tmp_path, np.linspace(0, 1, 50), (IMAGES[:, 0, 0, :3], LABELS / 7))

    assert {one.score for one in read_predictions(tmp_path)} == {None}


INPUTS = IMAGES[:, 0, 0, :3].astype(np.float32)


def test_a_dataset_in_memory_is_taken_as_its_arrays(tmp_path):
    dataset = TensorDataset(torch.from_numpy(INPUTS), torch.from_numpy(LABELS))

    saved = []
    for one in (dataset, (INPUTS, LABELS)):
        save_predictions(tmp_path, np.eye(3)[LABELS], one)
        saved.append(read_predictions(tmp_path))

    assert saved[0] == saved[1]
    assert all(one.label for one in saved[0])


def test_examples_that_make_no_array_are_refused_with_the_way_out(tmp_path):
    pairs = list(zip(INPUTS, LABELS.tolist(), strict=True))

    with pytest.raises(WorkloadError, match="are a list, and no array is made"):
        save_predictions(tmp_path, np.eye(3)[LABELS], pairs)


@pytest.mark.parametrize(
    ("outputs", "targets", "said"),
    [
        ([[0.5, -2.0, 12.25]] * 5, [[0.25, 1.5, 3.0]] * 5, ("0.5, -2, 12.2", "0.25, 1.5, 3")),
        ([[4, 2]] * 5, [[7, 3]] * 5, ("4, 2", "7, 3")),  # places in a picture
        ([[0.5, 2.0]] * 5, [0.25] * 5, ("0.5, 2", "0.25")),  # a mean and a variance
    ],
)
def test_several_outputs_for_amounts_are_no_class(tmp_path, outputs, targets, said):
    save_predictions(tmp_path, np.array(outputs), (INPUTS[:5], np.array(targets)))

    (shown,) = {(one.prediction, one.label, one.score) for one in read_predictions(tmp_path)}
    assert shown == (*said, None)


@pytest.mark.parametrize(
    "labels",
    [
        [[1.0, 0.0, 0.0]] * 5,
        [[1.0, 0.0, 1.0]] * 5,  # several labels an example
        [[0.8, 0.1, 0.1]] * 5,  # smoothed
        [0.0, 1.0, 2.0, 0.0, 1.0],
    ],
)
def test_labels_that_are_classes_in_another_form_keep_the_class_and_its_score(tmp_path, labels):
    save_predictions(tmp_path, np.array([[0.7, 0.1, 0.2]] * 5), (INPUTS[:5], np.array(labels)))

    assert {(one.prediction, one.score) for one in read_predictions(tmp_path)} == {("0", 0.7)}


class OfThreeTargets(Imbalanced):
    def __init__(self):
        inputs, _ = drawn(0, 60)
        data = torch.from_numpy(inputs), torch.from_numpy(inputs[:, :3])
        self.training = self.validation = data

    def loss(self, predict, batch, setting):
        return (predict(batch[0]) - batch[1]).square().mean()

    def metrics(self, predict, batch):
        return {"error": (predict(batch[0]) - batch[1]).abs().mean(-1)}


def test_a_workload_of_several_targets_saves_values(tmp_path):
    saved = read_predictions(*result_of(OfThreeTargets, tmp_path).best_checkpoint)

    assert {one.score for one in saved} == {None}
    assert {one.prediction.count(", ") for one in saved} == {2}
    assert {one.label.count(", ") for one in saved} == {2}


def test_two_of_each_rare_class_are_chosen():
    labels = np.repeat([0, 1, 2], [500, 480, 9])

    assert len([at for at in chosen_examples(labels) if labels[at] == 2]) >= 2


def test_one_output_an_example_is_asked_for(tmp_path):
    with pytest.raises(WorkloadError, match="one an example"):
        save_predictions(tmp_path, np.zeros(3), (IMAGES, LABELS))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1]", '[{"example": 1}]', "x" * (MAX_BYTES + 1), json.dumps([{"picture": "<b>"}])],
)
def test_a_file_that_is_not_ours_shows_nothing(text, tmp_path):
    (tmp_path / FILE).write_text(text)

    assert read_predictions(tmp_path) == []
