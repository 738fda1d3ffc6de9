from dataclasses import replace

import pytest
from tests.connect.huggingface.pairs import Fit, of_six, resumed, trained, trainer
from tests.runner.sample import rows
from transformers import TrainerCallback

import etude


class Rates(TrainerCallback):
    """Keeps the learning rate and the weight decay that each step is done with."""

    def __init__(self):
        self.seen = []

    def on_pre_optimizer_step(self, args, state, control, optimizer=None, **others):
        group = optimizer.param_groups[0]
        self.seen.append((round(group["lr"], 9), group["weight_decay"]))


def at_step_4(events):
    """The loss of a step, which is that of the weights before it."""
    return [value for step, name, value in rows(events) if (step, name) == (4, "train/loss")]


@pytest.fixture
def rates():
    return Rates()


@pytest.fixture
def train(rates):
    """A training of a rate and a decay, along a linear schedule."""

    def fit(trial):
        etude.huggingface.fit(
            trial,
            lambda args: trainer(args, callbacks=[rates]),
            learning_rate=trial["learning_rate"],
            weight_decay=trial["weight_decay"],
            per_device_train_batch_size=2,
            disable_tqdm=True,
        )

    return fit


@pytest.mark.rule("W4")
def test_a_fork_goes_on_with_its_own_hyperparameters(train, rates, tmp_path):
    parent = of_six(tmp_path, setting={"learning_rate": 0.06, "weight_decay": 0.1})
    events = trained(train, parent)
    setting = {"learning_rate": 0.12, "weight_decay": 0.2}

    trained(train, replace(resumed(parent, events, 1), setting=setting))

    assert rates.seen[:6] == [(rate, 0.1) for rate in (0.06, 0.05, 0.04, 0.03, 0.02, 0.01)]
    assert rates.seen[6:] == [(rate, 0.2) for rate in (0.08, 0.06, 0.04, 0.02)]


def test_a_fork_begins_with_the_weights_of_its_parent(tmp_path):
    parent = of_six(tmp_path)
    events = trained(Fit(), parent)

    forked = trained(Fit(), replace(resumed(parent, events, 3), setting={"learning_rate": 0.01}))

    assert at_step_4(forked) == at_step_4(events)


@pytest.mark.rule("W4")
def test_a_population_of_trainers_forks(tmp_path):
    experiment = etude.Experiment(
        name="population",
        metric="valid/loss",
        max_steps=4,
        evaluations=2,
        trials=2,
        nuisance={"learning_rate": etude.Real(1e-4, 1e-1, log=True)},
        schedule="pbt",
        schedule_options={"interval": 1, "quantile": 0.5},
    )

    result = etude.run(experiment, Fit(), store=tmp_path / "etude.db")

    forks = [record for record in result.records if record.parent is not None]
    assert [record.status for record in forks] == ["completed"]
    assert forks[0].from_step == 1
