"""Splits: partitions by seed, in proportion of labels, of examples of any kind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etude.errors import WorkloadError
from etude.train.splitting import divided, is_by_label, labels_of, on_split
from etude.train.workload import Workload

SEEDS = st.integers(0, 2**31 - 1)


def joined(one, other):
    return np.concatenate([one, other])


def workload(training, validation, **members):
    return Workload(
        model=lambda setting: None,
        loss=lambda predict, batch, setting: None,
        metrics=lambda predict, batch: {},
        training=training,
        validation=validation,
        **members,
    )


class Rows:
    """Examples by position, the labels beside them."""

    def __init__(self, rows, transform=None):
        self.rows, self.transform = rows, transform
        self.targets = [row % 2 for row in rows]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, place):
        return self.rows[place], self.targets[place]


@given(
    labels=st.lists(st.integers(0, 4), min_size=2, max_size=60),
    share=st.floats(0, 1),
    seed=SEEDS,
)
def test_a_split_is_a_partition_of_the_sizes_asked_for(labels, share, seed):
    count = round(share * len(labels))

    training, validation = divided(len(labels), count, seed, labels=np.array(labels))

    assert len(validation) == count
    assert sorted([*training, *validation]) == list(range(len(labels)))


@given(
    labels=st.lists(st.integers(0, 4), min_size=12, max_size=60),
    share=st.floats(0, 1),
    seed=SEEDS,
)
def test_every_class_has_its_share_of_validation_within_one(labels, share, seed):
    classes, counts = np.unique(labels, return_counts=True)
    count = round(share * len(labels))

    _, validation = divided(len(labels), count, seed, labels=np.array(labels))

    taken = np.array([(np.array(labels)[validation] == one).sum() for one in classes])
    assert (abs(taken - counts * count / len(labels)) < 1).all()


def test_a_seed_is_a_split_for_good():
    assert divided(12, 4, seed=3)[1].tolist() == divided(12, 4, seed=3)[1].tolist()
    assert divided(12, 4, seed=3)[1].tolist() == [0, 2, 5, 10]
    assert divided(12, 4, seed=4)[1].tolist() != [0, 2, 5, 10]


def test_every_example_is_validated_on_as_often_as_another():
    drawn = np.concatenate([divided(10, 3, seed)[1] for seed in range(2000)])

    counts = np.bincount(drawn)

    assert (abs(counts - 600) < 4 * np.sqrt(600 * 0.7)).all()


def test_arrays_are_pooled_and_stay_what_they_are():
    training = (np.arange(8), np.array([0, 1] * 4))
    validation = (np.arange(8, 12), np.array([0, 1] * 2))

    split = on_split(workload(training, validation), 5, joined)

    assert sorted([*split.training[0], *split.validation[0]]) == list(range(12))
    assert split.validation[1].sum() == 2
    assert (split.training[0] % 2 == split.training[1]).all()


def test_a_mapping_keeps_its_names_and_is_divided_by_its_labels():
    training = {"inputs": np.arange(6.0), "label": np.array([0, 0, 0, 1, 1, 1])}
    validation = {"inputs": np.arange(2.0), "label": np.array([0, 1])}

    split = on_split(workload(training, validation), 5, joined)

    assert list(split.training) == ["inputs", "label"]
    assert split.validation["label"].tolist() in ([0, 1], [1, 0])


def test_a_dataset_is_divided_by_position_and_by_its_targets():
    split = on_split(workload(Rows(list(range(8))), Rows(list(range(8, 12)))), 5, joined)

    rows = [split.training[place][0] for place in range(len(split.training))]
    validation = [split.validation[place] for place in range(len(split.validation))]
    assert sorted([*rows, *(row for row, _ in validation)]) == list(range(12))
    assert sum(label for _, label in validation) == 2


def test_numbers_to_be_predicted_are_no_labels():
    data = (np.zeros((6, 2)), np.arange(6))

    assert labels_of((np.zeros((6, 2)), np.linspace(0, 1, 6))) is None
    assert not is_by_label(workload(data, data))
    assert is_by_label(workload(*[(np.zeros(6), np.array([0, 1] * 3))] * 2))


@pytest.mark.parametrize(
    ("training", "validation", "said"),
    [
        (np.zeros((4, 3)), np.zeros((4, 2)), "of shape (3,) and `validation` is"),
        (np.zeros(4), Rows([1, 2]), "a Rows"),
        (Rows([1, 2], transform="flips"), Rows([3, 4]), "transform='flips'"),
    ],
)
def test_what_differs_in_kind_is_not_pooled(training, validation, said):
    with pytest.raises(WorkloadError, match="cannot be pooled") as caught:
        on_split(workload(training, validation), 1, joined)

    assert said in str(caught.value)
    assert "split(seed)" in str(caught.value)


def test_a_workload_divides_its_own_examples():
    def split(seed):
        return np.arange(seed), np.arange(seed, 10)

    divided_once = on_split(workload(np.arange(7), np.arange(3), split=split), 6, joined)

    assert divided_once.training.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ("train", "cannot be called as `split(seed)`"),
        (lambda: None, "cannot be called as `split(seed)`"),
        (lambda seed: np.arange(3), "returned ndarray"),
        (lambda seed: (np.arange(3), np.arange(0)), "`validation` is empty"),
    ],
)
def test_a_split_that_gives_no_two_sets_is_refused(split, said):
    with pytest.raises(WorkloadError) as caught:
        on_split(workload(np.arange(7), np.arange(3), split=split), 6, joined)

    assert said in str(caught.value)
