"""A Trainer's script comes to its first checked round by the lines that `etude new` names."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from etude.cli.from_trainer import changed
from etude.cli.script_values import script

from .changed_script import applied

TINY = """
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

LR = 2e-3


def data(seed):
    words = torch.randint(0, 50, (16, 4), generator=torch.Generator().manual_seed(seed))
    return [{"input_ids": row, "labels": int(row[0] > 25)} for row in words]


def main():
    config = BertConfig(
        vocab_size=50, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
        intermediate_size=8,
    )
    args = TrainingArguments(
        output_dir="out",
        learning_rate=LR,
        weight_decay=0.01,
        per_device_train_batch_size=4,
        num_train_epochs=3,
        warmup_steps=2,
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
    )
    trainer = Trainer(
        model=BertForSequenceClassification(config),
        args=args,
        train_dataset=data(0),
        eval_dataset=data(1),
    )
    trainer.train()


if __name__ == "__main__":
    main()
"""
AROUND = str(Path("around", "experiment.toml"))


@pytest.fixture
def written(folder, etude_command):
    (folder / "fits.py").write_text(TINY)
    return etude_command("new", "around", "--from", "fits.py")


def test_values_are_those_of_the_script_and_the_rate_is_searched_around_its_own(folder, written):
    text = (folder / AROUND).read_text()
    file = tomllib.loads(text)

    assert written.code == 0
    assert file["experiment"]["train"] == "../fits.py:main"
    assert file["nuisance"] == {"learning_rate": {"low": 2e-4, "high": 2e-2, "log": True}}
    assert "#   weight_decay = 0.01    # line 21" in text
    assert "the script's 3 epochs x examples / 4" in text
    assert [one.name for one in (folder / "around").iterdir()] == ["experiment.toml"]


def test_the_lines_to_change_are_named_in_the_file_and_when_it_is_written(folder, written):
    named = ["import etude", 'learning_rate=etude.current()["learning_rate"],']
    named += ["load_best_model_at_end=False,", "callbacks=[etude.huggingface.Callback()],"]

    text = (folder / AROUND).read_text()

    assert [line for line in named if line not in written.out or line not in text] == []
    assert len(re.findall(r"(?m)^  (?:before )?line \d+", written.out)) == 4


@pytest.mark.slow
def test_with_these_lines_changed_it_is_run_and_checked(folder, written, etude_command):
    seen = script(folder / "fits.py")
    (folder / "fits.py").write_text(applied(TINY, seen.trainer, changed(seen.trainer)))
    text = (folder / AROUND).read_text()
    short = text.replace("max_steps = 100", "max_steps = 4").replace("trials = 12", "trials = 2")
    (folder / AROUND).write_text(short.replace("evaluations = 10", "evaluations = 2"))

    run = etude_command("run", AROUND, "--runner", "inline")
    checked = etude_command("check", "--json")

    trials = etude_command("trials", "--json").json["trials"]
    assert (run.code, checked.code) == (0, 0)
    assert [(one["status"], one["steps"]) for one in trials] == [("completed", 4)] * 2
    assert "unread" not in [
        one["check"] for one in checked.json["findings"] if one["status"] == "problem"
    ]


def test_a_script_that_only_has_defaults_gets_those_of_a_trainer(folder, etude_command):
    (folder / "mine.py").write_text(
        "from transformers import HfArgumentParser, Trainer, TrainingArguments\n"
        "def main():\n"
        "    (args,) = HfArgumentParser(TrainingArguments).parse_args_into_dataclasses()\n"
        "    Trainer(model=model, args=args, train_dataset=data).train()\n"
    )

    said = etude_command("new", "around", "--from", "mine.py").out

    file = tomllib.loads((folder / AROUND).read_text())
    assert (
        file["nuisance"]["learning_rate"]["low"] < 5e-5 < file["nuisance"]["learning_rate"]["high"]
    )
    assert "args=[...] has what you type behind" in said
    assert "the Trainer of line 4 needs an eval_dataset" in said
