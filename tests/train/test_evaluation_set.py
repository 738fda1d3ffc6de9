from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import Subset, TensorDataset

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


@pytest.mark.parametrize("lacks", ["validation", "training"])
@pytest.mark.rule("E5")
def test_a_class_that_one_of_two_balanced_sets_lacks_is_rare(lacks):
    sets = {"validation": drawn(1, 300), "training": drawn(2, 3000)}
    inputs, labels = sets[lacks]
    sets[lacks] = inputs[labels != 1], labels[labels != 1]

    known = facts(**sets)

    assert known["data/rare_classes"] == 1.0
    assert known["data/examples_of_1"] == (sets["validation"][1] == 1).sum()


@pytest.mark.rule("E5")
def test_a_class_among_zeros_is_the_class_of_its_number():
    valid, train = drawn(1, 300, (0.6, 0.38, 0.02)), drawn(2, 3000, (0.6, 0.38, 0.02))
    marked = [(inputs, np.eye(3)[labels]) for inputs, labels in (valid, train)]

    assert facts(*marked) == facts(valid, train)


@pytest.mark.rule("E5")
def test_of_several_labels_an_example_the_rare_one_is_named():
    shares = [0.5, 0.4, 0.3, 0.005]
    marks = [np.random.default_rng(seed).random((1000, 4)) < shares for seed in (0, 1)]
    sets = [(np.zeros((1000, 1)), part.astype(np.float32)) for part in marks]

    known = facts(*sets)

    assert known["data/rare_classes"] == 1.0
    assert known["data/examples_of_3"] == marks[0][:, 3].sum()


@pytest.mark.rule("E4")
def test_one_of_several_targets_that_lies_elsewhere_is_a_difference_of_labels():
    sets = [(drawn(seed, 400)[0], drawn(seed, 400)[0][:, :2]) for seed in (1, 2)]
    sets[0][1][:, 1] += 1.0

    assert chances(*sets)["labels"] < 1e-6


@pytest.mark.rule("E4")
def test_small_pictures_upside_down_are_a_difference_of_inputs():
    pictures = np.random.default_rng(0).normal(size=(2, 600, 1, 8, 8)) + np.arange(8)[:, None]

    assert chances(pictures[0][:, :, ::-1], pictures[1])["inputs"] < 1e-6


@pytest.mark.parametrize("part", [TensorDataset, lambda *arrays: Subset(*_among_others(arrays))])
@pytest.mark.rule("E4", "E5", "E6")
def test_a_dataset_of_tensors_in_memory_is_looked_at_as_its_tensors_are(part):
    arrays = [tuple(map(torch.as_tensor, drawn(seed, 300))) for seed in (1, 2)]

    assert facts(*(part(*one) for one in arrays)) == facts(*arrays)


def _among_others(arrays):
    """A dataset with as many examples more, and the places of those that count."""
    count = len(arrays[0])
    more = [torch.cat([torch.zeros_like(one), one]) for one in arrays]
    return TensorDataset(*more), range(count, 2 * count)


def test_a_dataset_that_makes_its_own_examples_of_tensors_is_not_looked_into():
    class Augmented(TensorDataset):
        def __getitem__(self, place):
            return tuple(one + 1 for one in super().__getitem__(place))

    part = Augmented(*map(torch.as_tensor, drawn(1, 300)))

    assert facts(part, part) == {"data/examples": 300.0, "data/training_examples": 300.0}


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
