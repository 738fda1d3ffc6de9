import gc
import weakref

import pytest
from tests.connect.huggingface.pairs import Fit, bert, of_six, trained, trainer
from tests.runner.sample import end, rows
from transformers import TrainingArguments

import etude
from etude.event import Saved


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    """Of one trial, trained to its end."""
    return trained(Fit(), of_six(tmp_path_factory.mktemp("fit")))


def problem(train, folder):
    """The last line of what a trial ended with."""
    return end(trained(train, of_six(folder))).detail.splitlines()[-1]


def test_a_trainer_reports_at_the_evaluation_steps_of_the_trial(events):
    steps = {
        name: [step for step, key, _ in rows(events) if key == name] for _, name, _ in rows(events)
    }

    assert steps == {
        "train/loss": [0, 1, 2, 3, 4, 5],
        "grad_norm": [0, 1, 2, 3, 4, 5],
        "valid/loss": [1, 3, 5],
        "valid/accuracy": [1, 3, 5],
    }
    assert (end(events).status, end(events).steps) == ("completed", 6)


def test_a_checkpoint_comes_with_each_evaluation(events):
    assert [event.step for event in events if isinstance(event, Saved)] == [1, 3, 5]


def test_a_checkpoint_is_moved_and_nothing_of_the_trainer_is_left(tmp_path):
    given = of_six(tmp_path)

    trained(Fit(), given)

    assert (given.checkpoints / "5" / "model.safetensors").is_file()
    assert list(given.folder.glob("**/*.safetensors")) == []
    assert list((given.checkpoints / "5").glob("rng_state*")) == []


def test_the_seed_of_the_trial_makes_the_model(tmp_path):
    fit = Fit()

    trained(fit, of_six(tmp_path / "a"))
    trained(fit, of_six(tmp_path / "b"))
    trained(fit, of_six(tmp_path / "c", seed=12))

    assert fit.ends[0] == fit.ends[1]
    assert fit.ends[0] != fit.ends[2]


def test_what_the_trial_sets_is_refused_all_at_once(tmp_path):
    fit = Fit({"max_steps": 30, "seed": 1, "save_total_limit": 2, "learning_rat": 1.0})

    text = problem(fit, tmp_path)

    assert "`max_steps` (it is `max_steps` of the experiment), `seed`" in text
    assert "`save_total_limit=2`" in text
    assert "has no `learning_rat`. Did you mean `learning_rate`?" in text


def test_a_trainer_with_other_arguments_is_refused(tmp_path):
    def train(trial):
        other = TrainingArguments(output_dir=str(tmp_path / "other"), report_to="none")
        etude.huggingface.fit(trial, lambda args: trainer(other))

    assert "Pass them on: `lambda args: Trainer(args=args, ...)`" in problem(train, tmp_path)


def test_a_model_is_gone_when_the_next_trial_makes_its_own(tmp_path):
    models: list[weakref.ref[object]] = []
    alive: list[list[bool]] = []

    def train(trial):
        def make(args):
            alive.append([model() is not None for model in models])
            made = trainer(args, model=bert())
            models.append(weakref.ref(made.model))
            return made

        etude.huggingface.fit(trial, make, learning_rate=0.1, disable_tqdm=True)

    gc.disable()  # so that nothing but `fit` frees it
    try:
        trained(train, of_six(tmp_path / "a", max_steps=1, evaluations=1))
        trained(train, of_six(tmp_path / "b", max_steps=1, evaluations=1))
    finally:
        gc.enable()

    assert alive == [[], [False]]
