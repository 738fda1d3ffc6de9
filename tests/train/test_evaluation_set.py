from __future__ import annotations

import numpy as np
import pytest
import torch

from etude.train.evaluation_set import Copies, copies, facts, known_facts, skews
from etude.train.workload import Workload


def drawn(seed, count, shares=(0.5, 0.3, 0.2)):
    """Inputs (count, 6) around a centre for each class, and classes."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(len(shares), size=count, p=shares)
    return rng.normal(size=(count, 6)).astype(np.float32) + labels[:, None], labels


TRAIN = drawn(0, 3000)


def chances(validation, training=TRAIN):
    return {part: one.features[0].p_value for part, one in skews(validation, training).items()}


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_fair_validation_set_agrees_with_the_training_data(seed):
    assert min(chances(drawn(seed, 400)).values()) > 0.001


def test_other_shares_of_classes_are_a_difference_of_labels():
    assert chances(drawn(1, 400, (0.2, 0.4, 0.4)))["labels"] < 1e-6


def test_shifted_inputs_are_a_difference_of_inputs_alone():
    inputs, labels = drawn(1, 400)
    inputs[:, 2] += 1.0

    found = chances((inputs, labels))

    assert found["inputs"] < 1e-6 < found["labels"]


def test_darker_pictures_are_a_difference_of_inputs():
    rng = np.random.default_rng(0)
    train = rng.random((500, 1, 8, 8)), np.arange(500) % 2
    valid = 0.5 * rng.random((200, 1, 8, 8)), np.arange(200) % 2

    assert chances(valid, train)["inputs"] < 1e-6


def test_copies_are_counted_whatever_library_and_precision_holds_them():
    inputs, labels = drawn(1, 100)
    inputs[:7] = TRAIN[0][:7]
    tensors = torch.from_numpy(inputs).double(), torch.from_numpy(labels)

    assert copies((inputs, labels), TRAIN) == copies(tensors, TRAIN) == Copies(7, 0)


def test_rows_of_whole_numbers_are_told_apart():
    rows = np.stack([np.arange(4000), np.zeros(4000, dtype=int)], axis=1)

    assert copies(rows[:2000], rows[2000:]) == Copies(0, 0)


def test_examples_that_repeat_among_themselves_are_counted_each():
    train = np.array([[1.0], [1.0], [1.0], [2.0], [3.0], [3.0]])

    assert copies(np.array([[9.0]]), train) == Copies(0, 5)


@pytest.mark.parametrize(
    "validation",
    [["a", "b"], np.array([["a"], ["b"]]), np.zeros((2, 7)), np.zeros((0, 6))],
    ids=["a list", "text", "another width", "none"],
)
def test_what_cannot_be_hashed_has_no_copies(validation):
    assert copies(validation, TRAIN[0]) is None


def test_the_facts_name_rare_classes_with_their_counts():
    valid = drawn(1, 300, (0.6, 0.38, 0.02))

    known = facts(valid, drawn(2, 3000, (0.6, 0.38, 0.02)))

    assert known["data/rare_classes"] == 1.0
    assert known["data/examples_of_2"] == (valid[1] == 2).sum()


def test_a_class_without_validation_examples_is_named():
    valid = drawn(1, 300, (0.5, 0.5))

    assert facts(valid, drawn(2, 3000, (0.49, 0.49, 0.02)))["data/examples_of_2"] == 0.0


def test_few_examples_of_each_of_many_balanced_classes_make_none_rare():
    rng = np.random.default_rng(0)
    train, valid = rng.integers(0, 100, 20_000), rng.integers(0, 100, 700)

    assert (
        facts((np.zeros((700, 1)), valid), (np.zeros((20_000, 1)), train))["data/rare_classes"]
        == 0.0
    )


def test_data_that_cannot_be_looked_at_end_no_training():
    class Broken:
        def __len__(self):
            raise RuntimeError("no disk")

        def __getitem__(self, place):
            return place

    workload = Workload(
        model=lambda setting: None,
        loss=lambda predict, batch, setting: None,
        metrics=lambda predict, batch: {},
        training=np.zeros(3),
        validation=np.zeros(3),
    )
    object.__setattr__(workload, "validation", Broken())

    assert known_facts(workload) == {}
