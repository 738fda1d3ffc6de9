import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.connect.huggingface.pairs import (
    QUIET,
    Fit,
    Pairs,
    accuracy,
    bert,
    of_six,
    resumed,
    trained,
    trainer,
    weights,
)
from tests.runner.sample import end, rows
from transformers import TrainingArguments

import etude

PAGE = Path(__file__).parents[3] / "docs" / "huggingface.md"


class Script:
    """A script as it stood before Etude, but for its callback and where its rate comes from."""

    def __init__(self, folder, resume=None, **arguments):
        self._folder, self._resume, self._arguments = folder, resume, arguments
        self.ends = []

    def __call__(self, trial=None):
        current = etude.current()
        args = TrainingArguments(
            output_dir=str(self._folder / "out"),
            learning_rate=current["learning_rate"] if current else 0.25,
            per_device_train_batch_size=2,
            **{"num_train_epochs": 1, "logging_steps": 1, **QUIET, **self._arguments},
        )
        made = trainer(args, callbacks=[etude.huggingface.Callback()])
        made.train(resume_from_checkpoint=self._resume)
        self.ends.append(weights(made.model))
        return made


def test_a_callback_does_nothing_where_there_is_no_trial(tmp_path):
    made = Script(tmp_path, save_strategy="steps", save_steps=3)()

    assert made.state.global_step == 4
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["checkpoint-3", "checkpoint-4"]
    assert made.args.seed == 42


def test_a_script_trains_the_trial_that_fit_trains(tmp_path):
    script, fit = Script(tmp_path), Fit({"use_cpu": True})

    events = trained(script, of_six(tmp_path / "script"))

    assert rows(events) == rows(trained(fit, of_six(tmp_path / "fit")))
    assert script.ends == fit.ends


def test_a_script_goes_on_from_the_checkpoint_of_its_trial(tmp_path):
    script, given = Script(tmp_path), of_six(tmp_path / "trial")
    events = trained(script, given)

    again = trained(script, resumed(given, events, 1))

    assert rows(again) == [row for row in rows(events) if row[0] > 1]
    assert script.ends[1] == script.ends[0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"max_steps": 30}, "`max_steps=30` (the experiment says 6)"),
        ({"save_total_limit": 1}, "`save_total_limit=1`"),
        ({"resume": True}, "Leave it out"),
    ],
)
def test_what_a_trial_owns_is_refused(given, said, tmp_path):
    events = trained(Script(tmp_path, **given), of_six(tmp_path / "trial"))

    assert said in end(events).detail


def documented(name):
    """A function of docs/huggingface.md, its `task` the pairs of these tests."""
    task = ModuleType("task")
    vars(task).update(accuracy=accuracy, model=bert, train_pairs=Pairs(8), valid_pairs=Pairs(4))
    sys.modules["task"] = task
    try:
        for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL):
            if f"def {name}(" in code:
                names: dict[str, Any] = {}
                exec(code, names)
                return names[name]
    finally:
        del sys.modules["task"]
    raise LookupError(name)


@pytest.mark.filterwarnings("ignore:.*pin_memory")  # of a machine without a GPU
def test_both_ways_of_the_page_train_the_same_trial(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    setting = {"learning_rate": 0.01, "batch_size": 2}
    names = ("train", "main")

    ends = [trained(documented(one), of_six(tmp_path / one, setting=setting)) for one in names]
    by_fit, by_script = (
        [row for row in rows(events) if row[1].startswith("valid")] for events in ends
    )

    assert by_fit == by_script
    assert len(by_fit) == 2 * 3


def test_one_callback_of_a_module_trains_one_trial_after_another(tmp_path):
    callback, ends = etude.huggingface.Callback(), []

    def train(trial):
        args = TrainingArguments(str(tmp_path / "out"), use_cpu=True, **QUIET)
        trainer(args, callbacks=[callback]).train()

    for number in range(2):
        given = of_six(tmp_path / str(number), id=number, max_steps=1, evaluations=1)
        ends.append(end(trained(train, given)))

    assert [one.status for one in ends] == ["completed", "completed"]
