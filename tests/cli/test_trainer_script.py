"""Scripts with a Trainer of Hugging Face, in the forms that people write, and what they become."""

from __future__ import annotations

import ast

import pytest

from etude.cli.trainer_script import trainer_script

from .changed_script import applied

IMPORTS = "from transformers import HfArgumentParser, Trainer, TrainingArguments\n"
FUNCTION = f"""{IMPORTS}
def main():
    args = TrainingArguments(learning_rate=2e-5, save_total_limit=2)
    Trainer(model, args, eval_dataset=data).train()
"""
MODULE = f"""{IMPORTS}
data = [1, 2]
args = TrainingArguments(
    output_dir="out",
    learning_rate=2e-5,
)
trainer = Trainer(
    model=model,
    args=args,
    eval_dataset=data,
    callbacks=[Mine()],
)
trainer.train()
"""
BLOCK = f"""{IMPORTS}
if __name__ == "__main__":
    trainer = Trainer(model, TrainingArguments("ö", weight_decay=0.1), eval_dataset=data)
    trainer.train()
"""
PARSED = f"""from __future__ import annotations
{IMPORTS}
def main():
    parser = HfArgumentParser((ModelArguments, TrainingArguments))
    model_args, training_args = parser.parse_args_into_dataclasses()
    trainer = Trainer(model=model, args=training_args, eval_dataset=data)
    trainer.train()
"""
HANDED = f"""{IMPORTS}
def fit(model, rate):
    args = TrainingArguments("out", learning_rate=rate)
    Trainer(model=model, args=args).train()
"""
ELSEWHERE = f"""{IMPORTS}
args = TrainingArguments("out", learning_rate=2e-5)

def main():
    trainer = Trainer(model=model, args=args, eval_dataset=data)
    trainer.train()
"""


def changed(text):
    script = trainer_script(ast.parse(text), text)
    return applied(text, script, script.changes("learning_rate"))


def test_a_function_asks_for_its_trial():
    assert (
        changed(FUNCTION)
        == f"""{IMPORTS}import etude

def main():
    args = TrainingArguments(learning_rate=etude.current()["learning_rate"], save_total_limit=None)
    Trainer(model, args, eval_dataset=data, callbacks=[etude.huggingface.Callback()]).train()
"""
    )


def test_what_no_function_has_goes_below_one_and_callbacks_stay():
    assert (
        changed(MODULE)
        == f"""{IMPORTS}import etude

def train(trial):
    data = [1, 2]
    args = TrainingArguments(
        output_dir="out",
        learning_rate=trial["learning_rate"],
    )
    trainer = Trainer(
        model=model,
        args=args,
        eval_dataset=data,
        callbacks=[etude.huggingface.Callback(), *[Mine()]],
    )
    trainer.train()
"""
    )


def test_the_block_of_a_program_becomes_the_function():
    text = changed(BLOCK)

    assert 'TrainingArguments("ö", weight_decay=0.1, learning_rate=trial["learning_rate"])' in text
    assert "\ndef train(trial):\n    trainer = Trainer(" in text


def test_arguments_of_the_command_line_are_set_before_the_trainer_is_made():
    text = changed(PARSED)

    assert text.startswith(f"from __future__ import annotations\n{IMPORTS}import etude\n")
    assert "parser.parse_args_into_dataclasses(args=[])\n" in text
    assert (
        '\n    training_args.learning_rate = etude.current()["learning_rate"]\n    trainer = Tr'
        in text
    )


def test_a_function_that_is_handed_more_finds_its_trial():
    text = changed(HANDED)

    assert 'learning_rate=etude.current()["learning_rate"])' in text
    assert text.endswith("\ndef train(trial):\n    fit(...)  # as you call it\n")


def test_arguments_that_are_made_elsewhere_are_set_where_the_trainer_is_made():
    assert (
        '\n    args.learning_rate = etude.current()["learning_rate"]\n    trainer = Tr'
        in changed(ELSEWHERE)
    )


@pytest.mark.parametrize("text", [FUNCTION, MODULE, BLOCK, PARSED, HANDED, ELSEWHERE])
def test_every_changed_script_is_python_with_the_function_that_is_named(text):
    script = trainer_script(ast.parse(text), text)

    functions = [one for one in ast.parse(changed(text)).body if isinstance(one, ast.FunctionDef)]

    assert script.function in [
        one.name for one in functions if ast.unparse(one.args) in ("trial", "")
    ]


@pytest.mark.parametrize(
    "text", ["", "Trainer(max_epochs=3).fit(model)", "args = TrainingArguments('out')"]
)
def test_other_scripts_have_no_trainer(text):
    assert trainer_script(ast.parse(text), text) is None


def test_it_is_known_whether_there_is_something_to_evaluate_on():
    scripts = [trainer_script(ast.parse(text), text) for text in (FUNCTION, HANDED)]

    assert [one.has_evaluation for one in scripts] == [True, False]


def test_an_expression_of_several_lines_is_changed_on_all_of_them():
    text = f"""{IMPORTS}
def main():
    args = TrainingArguments(
        learning_rate=float(
            "2e-5"
        ),
        output_dir="out",
    )
    Trainer(
        args=args,
        callbacks=[
            Mine(),  # ours
            Other(),
        ],
    ).train()
"""

    new = changed(text)

    assert ast.parse(new)
    assert 'learning_rate=etude.current()["learning_rate"]\n\n,\n' in new
    assert "callbacks=[etude.huggingface.Callback(), *[\n            Mine(),  # ours\n" in new


def test_callbacks_of_a_choice_stay():
    text = FUNCTION.replace("=data)", "=data, callbacks=mine or [])")

    assert "callbacks=[etude.huggingface.Callback(), *(mine or [])])" in changed(text)
