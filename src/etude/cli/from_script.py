"""A first experiment around a script that exists: its values in roles, a place for its loop."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from keyword import iskeyword
from typing import Final

from ..experiment.toml.write import toml_text
from ..playbook.catalogue import known, known_optimizer
from ..space import Real
from .script_values import Script, ScriptValue

# Etude gives each trial a seed of its own (A1): the script's is none of its settings.
# How long a script trains, by what the catalogue calls it.
_LENGTHS: Final = frozenset({"max_steps", "epochs"})
_SEEDS: Final = frozenset({"seed", "random_seed", "manual_seed", "rng_seed", "random_state"})
# Heuristic: where a script names no length, so many steps of whatever it counts.
_STEPS: Final = 10
# Heuristic: as many as say where a rate lies, few enough for many rounds.
_TRIALS: Final = 12
# Heuristic: longer values are no settings that a line has to show.
_LONGEST: Final = 40


def texts_around(script: Script, name: str) -> dict[str, str]:
    """The files of a first experiment around a script, by name.

    Source: S2, S16, R7.
    """
    train = "train.py" if script.path.name != "train.py" else "etude_train.py"
    return {
        "experiment.toml": _experiment(script, name, train),
        train: _training(script, train),
    }


def questions(one_command: str) -> str:
    """The four questions before tuning, as comments of an experiment.

    Source: S16.
    """
    return f"""\
# Before tuning, four questions (S16). A text answers none of them; the answers are yours.
#   1. Are the problem and the data settled?     Not seen. Yours: ...
#   2. Is training and evaluating one command?   {one_command}
#   3. Does the metric stand for the deployment? Not seen. Yours: ...
#   4. Results to begin with, compute for some jobs at once? `chance` below asks the first."""


def settings(script: Script) -> list[ScriptValue]:
    """What the catalogue knows by its name, lengths and seeds left out."""
    return [
        one
        for one in script.values
        if (entry := known(one.name)) is not None
        and entry.name not in _LENGTHS
        and one.name.casefold() not in _SEEDS
        and one.name.isascii()
        and one.name.isidentifier()
        and not iskeyword(one.name)
        and not (isinstance(one.value, float) and not math.isfinite(one.value))
    ]


def left(script: Script) -> list[ScriptValue]:
    """What the script keeps to itself."""
    taken = {one.name for one in (*settings(script), *_lengths(script))}
    return [one for one in script.values if one.name not in taken]


def _lengths(script: Script) -> list[ScriptValue]:
    """How long it trains, by what the catalogue calls a budget, longest units first."""
    return [
        one
        for one in script.values
        if (entry := known(one.name)) is not None
        and entry.name in _LENGTHS
        and type(one.value) is int
        and one.value > 0
    ][:1]


def _optimizer(values: Sequence[ScriptValue]) -> str:
    named = [one for one in values if (entry := known(one.name)) and entry.name == "optimizer"]
    return known_optimizer(str(named[0].value)) if named else ""


def _range(one: ScriptValue, optimizer: str) -> str:
    """A first range of a learning rate, the script's own value in it; empty for others."""
    entry = known(one.name)
    domain = entry.start_for(optimizer) if entry is not None else None
    is_number = isinstance(one.value, int | float) and not isinstance(one.value, bool)
    if entry is None or entry.name != "learning_rate" or not is_number or one.value == 0:
        return ""
    if not isinstance(domain, Real):
        return ""
    value = float(one.value)
    low, high = min(domain.low, value / 10), max(domain.high, value * 10)
    return toml_text(replace(domain, low=low, high=high))


def _experiment(script: Script, name: str, train: str) -> str:
    values, place = settings(script), place_of(script)
    ranges = {one.name: text for one in values if (text := _range(one, _optimizer(values)))}
    lines = [f"{one.name} = {ranges[one.name]}{_at(one)}" for one in values if one.name in ranges]
    fixed = [f"{one.name} = {toml_text(one.value)}{_at(one)}" for one in values]
    fixed = [line for one, line in zip(values, fixed, strict=True) if one.name not in ranges]
    lengths = _lengths(script)
    steps = lengths[0].value if lengths else _STEPS
    of = f"`{lengths[0].name}`, line {lengths[0].line}" if lengths else "not seen in the script"
    return f"""\
# A first round around {place}, by its text: it was read and not run. Read it, then mend it.
#
{questions(f"Once the loop stands in {train}: `etude run`.")}

[experiment]
name = "{name}"
question = "Which learning rate trains {place}, and how far from chance?"
metric = "valid/loss"       # as {train} reports it; lower is better, unless maximize = true
# chance = 0.9              # what the metric reaches without learning (S11): 0.9 for ten classes
{f"max_steps = {steps}":<28}# {of}; a step is whatever the loop counts
{f"evaluations = {min(20, int(steps))}":<28}# evenly spaced by step; the last step is always one
{f"trials = {_TRIALS}":<28}# of each study
train = "{train}:train"    # file and function, relative to this file
seed = 0

[nuisance]                  # searched (R7); a first range around the script's own value
{chr(10).join(lines) or "# No learning rate was seen: name it here, with a range."}

[fixed]                     # as the script has it: each is a caveat on every conclusion (R5)
{chr(10).join(fixed) or "# Nothing else was seen whose name is known."}
"""


def _at(one: ScriptValue) -> str:
    return f"    # line {one.line}: {toml_text(one.value)}"


def _training(script: Script, train: str) -> str:
    place, values = place_of(script), settings(script)
    read = "".join(f'    {one.name} = trial["{one.name}"]{_at(one)}\n' for one in values)
    kept = "".join(f"    # {line}\n" for line in _unread(script))
    return f'''\
"""Where {place} meets Etude: put its loop into `train`. Nothing is trained before."""

import etude


def train(trial: etude.Trial) -> None:
{read}{kept}    # The loop of {place} goes here, in this form. Where the script has argparse,
    # `vars(args).update(trial.setting)` does what the lines above do.
    #
    #     build the model, seeded from trial.seed
    #     trial.restore(lambda folder: ...)            # load the last checkpoint, if there is one
    #     for step in trial.steps():
    #         loss, grad_norm = ...                    # the norm of the unclipped gradient (D5)
    #         trial.log(step, {{"train/loss": loss, "grad_norm": grad_norm}})
    #         if trial.evaluates(step):
    #             trial.report(step, {{"valid/loss": ...}}, checkpoint=lambda folder: ...)
    ...


raise NotImplementedError("Put the loop of {place} into `train` of {train}, then delete this line.")
'''


def _unread(script: Script) -> Iterator[str]:
    """What stays in the script, a line each."""
    for one in left(script):
        text = toml_text(one.value)
        value = f" = {text}" if len(text) <= _LONGEST else ""
        yield f"{ascii(one.name)[1:-1]}{value} stays in {place_of(script)}, line {one.line}"


def place_of(script: Script) -> str:
    """The script's name, without what would end a text or a comment."""
    return re.sub(r"[^\w. -]", "_", script.path.name)
