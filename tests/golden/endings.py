"""Experiments of many kinds, and how each ends: what `run`, `check` and `next` say of it.

Some are stories as they were written down, others rounds of trials made for the purpose. Their
endings are counted by `benchmarks/words.py`; those in `GOLDEN` stand in `tests/golden/endings`.
"""

from __future__ import annotations

import lzma
import re
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from tests.advise import rounds
from tests.advise.contexts import context_of
from tests.factories import RATE, experiment, minimal, two_optimizers
from tests.golden import stories
from tests.golden.play import EXPECTED, masked, transcript
from tests.golden.stories import STORIES, Story

from etude.advise.context import Context
from etude.cli.check import short_lines
from etude.cli.next import next_lines, no_round_lines, run_step
from etude.cli.run import result_lines
from etude.cli.terminal import printable
from etude.experiment import Experiment
from etude.experiment.entry import Entry
from etude.experiment.toml.write import dumps
from etude.record import Record, Records
from etude.round.next_round import next_cost
from etude.round.result import Result, load
from etude.space import Choice
from etude.store import open_store
from etude.store.memory import Memory

# The rules at the right edge of a line.
_EDGE = re.compile(r" {2,}((?:[A-Z]\d{1,2}(?:, )?)+(?: \+\d+)?)$")
_CLOSE = r"  \1"
ENDINGS = Path(__file__).parent / "endings"
TWO = two_optimizers(name="story", validation_examples=1000)
ONE = experiment(name="story", validation_examples=1000)
LONG = experiment(name="story", max_steps=2000)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What each command says, by its name, without what it says while it works."""

    by_command: dict[str, list[str]]

    def text(self) -> str:
        """All of it, as it is written down: rules close up, for times before them vary in width."""
        parts = (
            f"$ etude {name}\n" + "".join(f"{_EDGE.sub(_CLOSE, line)}\n" for line in lines)
            for name, lines in self.by_command.items()
        )
        return "\n".join(parts)


def of_result(result: Result) -> Said:
    """What is said of a stored round."""
    ending, successor = result.ending(), result.next()
    following = no_round_lines(ending, result.left_to_you)
    if successor is not None:
        cost = next_cost(successor, result.experiment, result.records)
        step = run_step(successor.file, cost)
        typed = replace(ending, steps=(step,))
        following = next_lines(typed, successor, successor.left_to_you, successor.file)
    told = {
        "run": result_lines(result, None),
        "check": short_lines(ending, result.findings),
        "next": following,
    }
    return Said(by_command={name: [*map(printable, lines)] for name, lines in told.items()})


def of_context(make: Callable[[], Context]) -> Said:
    """What is said of a round of made trials."""
    context = make()
    return of_result(made(context.experiment, context.analysis.records))


def made(question: Experiment, records: Sequence[Record]) -> Result:
    """The result of an experiment with these trials."""
    entry = Entry(experiment=question, text=dumps(question), source="story.toml")
    return Result(entry=entry, recorded=Records.of(records), store=Memory())


def of_story(story: Story, commands: Sequence[str]) -> Said:
    """What is said at the end of what is typed."""
    typed = replace(story, commands=commands)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        told = transcript(typed, place)
    return Said(by_command={command: _ending_of(said) for command, said in _parts(told)})


def _parts(told: str) -> list[tuple[str, str]]:
    """The commands of a transcript, and what each said."""
    return re.findall(r"^\$ etude (.*)\n((?:.*\n)*?)exit \d+$", told, re.MULTILINE)


def _ending_of(said: str) -> list[str]:
    """The lines from the verdict on: what stands before was said on the way."""
    lines = said.splitlines()
    words = (
        "BETTER",
        "WORSE",
        "LEADS",
        "UNCLEAR",
        "NO DIFF",
        "NOTHING C",
        "ADOPT",
        "NOT ",
        "LAUNCH",
    )
    begin = [at for at, line in enumerate(lines) if line.startswith(words)]
    return lines[begin[-1] :] if begin else lines


def _demo() -> Said:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "etude.db"
        packed = Path(__file__).parent / "stores" / "demo.sqlite.xz"
        path.write_bytes(lzma.decompress(packed.read_bytes()))
        with closing(open_store(path, create=False)) as store:
            return _masked(of_result(load(store, "optimizer")))


def _masked(said: Said) -> Said:
    lines = {
        name: masked("\n".join(lines), Path("/none")).splitlines()
        for name, lines in said.by_command.items()
    }
    return Said(by_command=lines)


def _recorded(name: str) -> Said:
    """What a story said when it was written down: `test_golden` holds that it still says so."""
    told = (EXPECTED / f"{name}.txt").read_text(encoding="utf-8")
    ends = [
        (command, said)
        for command, said in _parts(told)
        if command.startswith(("run story", "import", "check", "next")) and "--json" not in command
    ]
    return Said(by_command={command: _ending_of(said) for command, said in ends})


# --- rounds of made trials


def _two(adam: float, nesterov: float, spread: float = 0.1) -> Context:
    """Two studies of 20 trials with these best values, and others up to `spread` above."""
    rng = np.random.default_rng(0)
    values = [
        [best, *(best + spread * (0.05 + rng.random(19))).tolist()] for best in (adam, nesterov)
    ]
    return rounds.by_value(*values, question=TWO)


def _six() -> Context:
    question = experiment(
        name="story", scientific={"optimizer": ["adam", "sgd", "lion", "lamb", "rms", "nadam"]}
    )
    rng = np.random.default_rng(1)
    values = [(0.1 + 0.02 * k + 0.3 * rng.random(20)).tolist() for k in range(6)]
    return rounds.by_value(*values, question=question)


def _maximized() -> Context:
    question = replace(TWO, metric="valid/accuracy", maximize=True)
    rng = np.random.default_rng(2)
    values = [(0.9 + 0.01 * k - 0.2 * rng.random(20)).tolist() for k in range(2)]
    return rounds.by_value(*values, question=question)


def _interrupted() -> Context:
    context = _two(0.10, 0.12)
    records = [
        replace(record, status="pending") if record.index >= 12 else record
        for record in context.analysis.records
    ]
    return context_of(TWO, records)


def _retrained() -> Context:
    question = minimal(name="story", trials=6, scientific={"optimizer": ["adam", "nesterov"]})
    values = ([0.10, 0.11, 0.10, 0.12, 0.11, 0.10], [0.15, 0.16, 0.14, 0.15, 0.16, 0.15])
    return rounds.by_value(*values, question=question)


def _unread() -> Context:
    """Only the learning rate matters."""
    return rounds.round_of(
        experiment(name="story", trials=40, nuisance={"learning_rate": RATE, "x": RATE, "y": RATE}),
        count=40,
        bottom={"learning_rate": 0.5},
    )


KINDS = experiment(
    name="story",
    nuisance={"activation": Choice(["relu", "gelu", "tanh"]), "learning_rate": RATE},
)
MADE: dict[str, Callable[[], Context]] = {
    "a tie": lambda: _two(0.100, 0.103),
    "a win": lambda: _two(0.05, 0.25),
    "a broken space": lambda: rounds.breaks_anywhere(TWO),
    "a bound": lambda: rounds.edge(ONE),
    "a cliff": lambda: rounds.cliff(ONE),
    "a broken choice": lambda: rounds.breaks_at_a_value(KINDS),
    "an unread hyperparameter": _unread,
    "overfitting": lambda: rounds.overfits(TWO),
    "still improving": lambda: rounds.improves_late(LONG),
    "instability": lambda: rounds.rate_held_down(ONE),
    "a stopped budget": _interrupted,
    "retrainings": _retrained,
    "one study": lambda: rounds.healthy(LONG),
    "all infeasible": lambda: rounds.by_value([None] * 20, [None] * 20, question=TWO),
    "nothing ended": lambda: context_of(TWO),
    "six studies": _six,
    "maximize": _maximized,
}
RECORDED = {
    "an import": "import_csv",
    "another import": "import_optuna",
    "a merged range": "merged",
    "asha": "asha",
    "pbt": "pbt",
    "grid": "grid",
    "listed": "listed",
    "bayesian": "bayesian",
}


def _comparisons() -> Said:
    compared = STORIES["compare"]
    typed = [one for one in compared.commands if "--json" not in one]
    return of_story(compared, (*typed, "compare b.txt a.txt", "compare a.txt b.txt --maximize"))


def _adoptions() -> Said:
    story = Story(files=stories.adopted, commands=())
    typed = (
        "run listed.toml --runner inline",
        "adopt listed",
        "run other.toml --runner inline",
        "adopt other",
        "launch --seeds 3 --runner inline",
    )
    return of_story(story, typed)


EXPERIMENTS: dict[str, Callable[[], Said]] = {
    "the demo": _demo,
    **{name: partial(of_context, make) for name, make in MADE.items()},
    **{name: partial(_recorded, story) for name, story in RECORDED.items()},
    "compare": _comparisons,
    "adopt and launch": _adoptions,
}
# Those whose endings stand in the tests: no floats of a search decide them.
GOLDEN = (
    "the demo",
    "a tie",
    "a win",
    "a bound",
    "overfitting",
    "all infeasible",
    "listed",
    "compare",
)


def path_of(name: str) -> Path:
    """Where the endings of an experiment are written down."""
    return ENDINGS / f"{name.replace(' ', '_')}.txt"
