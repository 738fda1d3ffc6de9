from __future__ import annotations

import pytest

from etude.playbook.catalogue import entry_names, known
from etude.playbook.problems import of_optimizer, problem, problems
from etude.train.optimizers import OPTIMIZERS


@pytest.mark.parametrize("kind", problems())
def test_a_kind_of_problem_asks_for_what_the_catalogue_knows(kind):
    asked = problem(kind).hyperparameters

    assert [name for name in asked if name not in entry_names()] == []
    assert len(set(asked)) == len(asked)
    assert problem(kind).source.startswith("Playbook R6")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_is_asked_for_all_that_its_loop_reads(optimizer):
    asked = set(of_optimizer(optimizer))

    assert asked == {"learning_rate", "weight_decay", *OPTIMIZERS[optimizer].needs}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_an_optimizer_is_asked_for_belongs_to_it(optimizer):
    entries = [known(name) for name in of_optimizer(optimizer)]

    assert [entry.name for entry in entries if not entry.belongs_to(optimizer)] == []


def test_an_unknown_optimizer_is_asked_for_nothing():
    assert of_optimizer("lion") == ()
