"""A first experiment around a script with a Trainer of Hugging Face, which stays where it is."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..experiment.toml.write import toml_text
from ..playbook.catalogue import known
from ..space import Real
from .from_script import place_of, questions
from .script_values import Scalar, Script, ScriptValue
from .trainer_script import DEFAULTS, ChangedLine, TrainerScript

_RATE: Final = "learning_rate"
# Heuristic: a rate that a Trainer's script has was chosen for the model that it begins with.
_AROUND: Final = 10.0
# Heuristic: where a script counts epochs, so many updates show whether it learns (S12).
_STEPS: Final = 100
_TRIALS: Final = 12
_EVALUATIONS: Final = 10
_SEARCHED: Final = (_RATE,)


def text_around_trainer(script: Script, trainer: TrainerScript, name: str, folder: Path) -> str:
    """The experiment around a Trainer's script: no file of training is written.

    Source: S2, S16, R7.
    """
    place, values = place_of(script), arguments(script, trainer)
    changes = "\n".join(f"#   {line}" for line in change_lines(script, trainer))
    kept = "\n".join(f"#   {one.name} = {toml_text(one.value)}{_at(one)}" for one in _kept(values))
    (rate,) = (one for one in values if one.name == _RATE)
    value = float(rate.value)
    domain = toml_text(Real(value / _AROUND, value * _AROUND, log=True))
    steps, of = _length(values)
    evaluations = f"evaluations = {min(_EVALUATIONS, steps)}"
    train = Path(os.path.relpath(script.path, folder)).as_posix()
    return f"""\
# A first round around {place}, by its text: it was read and not run. Read it, then mend it.
#
# In {place} change these lines, and no others:
{changes}
#
{questions("Once those lines are changed: `etude run`.")}

[experiment]
name = "{name}"
question = "Which learning rate trains {place}, and how far from chance?"
metric = "valid/loss"       # eval_loss of the Trainer; eval_NAME of `compute_metrics` is valid/NAME
# chance = 0.69             # what the metric reaches without learning (S11): 0.69 for two classes
{f"max_steps = {steps}":<28}# {of}
{evaluations:<28}# evenly spaced by step; the last step is always one
{f"trials = {_TRIALS}":<28}# of each study
train = "{train}:{trainer.function}"
seed = 0

[nuisance]                  # searched (R7); tenfold to either side of the script's value
{_RATE} = {domain}

# Fixed, and read by the script alone: each is a caveat on every conclusion (R5). To search another,
# name it above, and write its line as that of the learning rate.
{kept}
"""


def arguments(script: Script, trainer: TrainerScript) -> list[ScriptValue]:
    """What the catalogue knows of the Trainer's arguments; its defaults where the script is silent.

    A value of line 0 is a default.
    """
    constants = {one.name: one.value for one in script.values}
    seen = [
        ScriptValue(name=name, value=value, line=node.lineno)
        for name, node in trainer.arguments.items()
        if known(name) is not None and (value := _value(node, constants)) is not None
    ]
    names = {one.name for one in seen}
    usual = [
        ScriptValue(name=name, value=value, line=0)
        for name, value in DEFAULTS.items()
        if name not in names and name not in trainer.arguments
    ]
    rates = [one for one in seen if one.name == _RATE and _is_rate(one.value)]
    others = [one for one in (*seen, *usual) if one.name != _RATE]
    return [*(rates or [ScriptValue(name=_RATE, value=DEFAULTS[_RATE], line=0)]), *others]


def change_lines(script: Script, trainer: TrainerScript) -> Iterator[str]:
    """The lines of the script to change, a sentence each."""
    for one in changed(trainer):
        what = f"line {one.line}" if one.old else f"before line {one.line}"
        yield f"{what:<16}{one.new.strip() or '(is left empty)'}"
    if (moved := trainer.moved) is not None:
        yield f"lines {moved[0]} to {moved[1]} are indented, below `def train(trial):`"
    if trainer.parser is not None:
        yield f"args=[...] has what you type behind `{place_of(script)}`, a text for each word"
    if not trainer.has_evaluation:
        yield f"the Trainer of line {trainer.trainer.lineno} needs an eval_dataset"


def changed(trainer: TrainerScript) -> list[ChangedLine]:
    """The lines to change for a round that searches the learning rate."""
    return trainer.changes(_RATE)


def _value(node: ast.expr, constants: dict[str, Scalar]) -> Scalar | None:
    """What an expression writes out, or a constant or an option that it names."""
    if isinstance(node, ast.Name | ast.Attribute):
        return constants.get(node.id if isinstance(node, ast.Name) else node.attr)
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, bool | int | float | str) else None


def _is_rate(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6


def _kept(values: list[ScriptValue]) -> list[ScriptValue]:
    lengths = ("epochs", "max_steps", "seed")
    names = [(one, known(one.name)) for one in values if one.name not in _SEARCHED]
    return [one for one, entry in names if entry is not None and entry.name not in lengths]


def _at(one: ScriptValue) -> str:
    return f"    # line {one.line}" if one.line else "    # the default of a Trainer"


def _length(values: list[ScriptValue]) -> tuple[int, str]:
    """How many steps, and of what."""
    given = {one.name: one for one in values}
    steps = given.get("max_steps")
    if steps is not None and type(steps.value) is int and steps.value > 0:
        return steps.value, f"`max_steps`, line {steps.line}"
    epochs, size = given.get("num_train_epochs"), given.get("per_device_train_batch_size")
    many = toml_text(epochs.value) if epochs else "all its"
    batch = toml_text(size.value) if size else "batch size"
    return _STEPS, f"updates, to begin with; the script's {many} epochs x examples / {batch}"
