"""Stories: a command typed until it ends, killed on the way, and what is held against it."""

from __future__ import annotations

import json
import math
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, final

from .kinds import Kind
from .launches import AtCall, AtMoment, Keyboard, Kill, Launch, orphans
from .state import State, TrialState, files, held_locks, state, temporary_files, unnamed_checkpoints

FAULTS = ("lost", "repeated", "wrong_values", "litter", "orphans")
# A trial whose worker died three times is infeasible: that is a promise of its own.
MAX_WORKER_KILLS = 2


@final
@dataclass(frozen=True)
class Calm:
    """A run that nobody killed: what it left, what it counted, how long it took."""

    folder: Path
    state: State
    files: dict[str, str]
    temporary: int
    counts: dict[tuple[str, str], int]
    seconds: float


@dataclass
class Verdict:
    """What a story came to: how many kills struck, by way, and the faults with a line each.

    `resumed` counts the trials that went on from a checkpoint.
    """

    kills: Counter[str] = field(default_factory=Counter)
    resumed: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def add(self, fault: str, *lines: str) -> None:
        """A fault a line."""
        self.faults[fault] += len(lines)
        self.lines += [f"{fault}: {line}" for line in lines]


def calm_run(kind: Kind, keyboard: Keyboard, place: Path, *, twice: bool = False) -> Calm:
    """Types everything once, killing nothing; twice to see that two runs are the same."""
    template = kind.lay(place / f"{kind.name}.template")
    for command in kind.before:
        launch = keyboard.type(command, template)
        assert launch.code == 0, f"{command} ended with {launch.code}:\n{launch.said}"
    (template / "ledger").unlink(missing_ok=True)
    folder = kind.copied(template, place / f"{kind.name}.calm")
    launch = keyboard.type(kind.command, folder)
    assert launch.code == 0, f"{kind.command} ended with {launch.code}:\n{launch.said}"
    left = Calm(
        folder=template,
        state=state(folder),
        files=files(folder),
        temporary=temporary_files(folder),
        counts=launch.counts,
        seconds=launch.seconds,
    )
    if not twice:
        return left
    # Warm: how long it takes then is what kills at random moments are drawn from.
    again = kind.copied(template, place / f"{kind.name}.again")
    launch = keyboard.type(kind.command, again)
    differences = list(_differences(left.state, state(again), kind.tolerance))
    assert not differences, f"{kind.name}: two runs differ: {differences[:3]}"
    return replace(left, seconds=launch.seconds)


def kills_of(kind: Kind, calm: Calm, chance: Random) -> list[list[Kill]]:
    """The kills of a story, those of each launch: one to four launches, most with one kill."""
    launches: list[list[Kill]] = []
    of_workers = 0
    for number in range(chance.choice((1, 1, 2, 2, 3, 4))):
        kills = [_kill(kind, calm, chance, number)]
        if kills[0].victim == "worker":
            of_workers += 1
            if of_workers > MAX_WORKER_KILLS:
                continue
            # The driver goes on: it may be killed in the same launch.
            if chance.random() < 0.5:
                second = _kill(kind, calm, chance, number)
                kills += [second] if second.victim != "worker" else []
        launches.append(kills)
    return launches


def _kill(kind: Kind, calm: Calm, chance: Random, number: int) -> Kill:
    """A kill at random: a third at a moment, the others at a call, each kind of it as often."""
    victims = ("group", "group", "driver", "worker") if kind.has_workers else ("group",)
    victim = chance.choice(victims)
    if chance.random() < 0.33:
        return AtMoment(round(chance.random() * calm.seconds, 4), victim)
    call, role = chance.choice(sorted(calm.counts))
    # Later launches have less left to do.
    upto = max(1, calm.counts[call, role] // (number + 1))
    return AtCall(call, role, chance.randint(1, upto), chance.choice(("before", "after")), victim)


def play(
    kind: Kind, calm: Calm, keyboard: Keyboard, folder: Path, launches: Sequence[Sequence[Kill]]
) -> Verdict:
    """One story: kills until all are used up or the command ends, then the command to its end."""
    kind.copied(calm.folder, folder)
    verdict = Verdict()
    unwatched: list[str] = []
    for number, kills in enumerate([*launches, []]):
        before, begun = state(folder), _ledger(folder)
        launch = keyboard.type(kind.command, folder, kills=kills)
        if launch.struck:
            verdict.kills[_way(kills)] += launch.struck
        verdict.add("wrong_values", *_wrong_ends(launch, kills))
        # Typed again at once, or when the last worker is gone.
        unwatched.append(launch.mark)
        if number % 2:
            _count_orphans(verdict, unwatched)
            unwatched = []
        new = _ledger(folder)[len(begun) :]
        verdict.resumed += sum(line["after"] >= 0 for line in new)
        _judge_launch(verdict, before, state(folder), new)
        if launch.code == 0 and not launch.struck:
            break
    _count_orphans(verdict, unwatched)
    _judge_end(verdict, kind, calm, folder)
    return verdict


def _way(kills: Sequence[Kill]) -> str:
    first = kills[0]
    if isinstance(first, AtMoment):
        return f"moment, {first.victim}"
    return f"{first.side} {first.call} of the {first.role}, {first.victim}"


def _wrong_ends(launch: Launch, kills: Sequence[Kill]) -> Iterator[str]:
    said = " / ".join(launch.said.strip().splitlines()[-3:])[-300:]
    if launch.code is None:
        yield f"never ended after {kills}: {said}"
    elif launch.code > 0 or (launch.code < 0 and not launch.struck):
        yield f"ended with {launch.code} after {kills} ({launch.struck} struck): {said}"


def _count_orphans(verdict: Verdict, marks: Sequence[str]) -> None:
    for mark in marks:
        if left := orphans(mark):
            verdict.add("orphans", *["alive"] * left)


def _ledger(folder: Path) -> list[dict[str, Any]]:
    path = folder / "ledger"
    lines = path.read_text().splitlines() if path.exists() else []
    # The last line may be half of one, and two workers may have met in it.
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


def _judge_launch(
    verdict: Verdict, before: State, after: State, begun: Sequence[dict[str, Any]]
) -> None:
    """What one launch did to what was committed before it."""
    for key, old in before.items():
        if loss := _loss(old, after.get(key)):
            verdict.add("lost", f"{key}, {old.status}, {loss}")
        if again := _repetition(old, [line for line in begun if _is_of(line, key, old)]):
            verdict.add("repeated", f"{key}, {old.status}, {again}")
    doubles = [f"{key} has {new.doubles} points twice" for key, new in after.items() if new.doubles]
    verdict.add("repeated", *doubles)


def _loss(old: TrialState, new: TrialState | None) -> str:
    """What is gone of a trial, or has changed, that was committed for good; empty for nothing."""
    if new is None:
        return "is gone"
    if old.ended:
        difference = _difference(old, new, 0.0)
        return f"is now {difference}" if difference else ""
    known = set(new.points)
    gone = [one for one in old.points if one[1] <= old.last_checkpoint and one not in known]
    return f"lacks {len(gone)} points, {gone[0]} among them" if gone else ""


def _repetition(old: TrialState, begun: Sequence[dict[str, Any]]) -> str:
    """What was trained again of a trial that began so in the next launch; empty for nothing."""
    if old.ended and begun:
        return "began again"
    early = [line["after"] for line in begun if line["after"] < old.last_checkpoint]
    return f"went on after {early[0]}, not {old.last_checkpoint}" if early else ""


def _is_of(line: dict[str, Any], key: tuple[str, int], trial: TrialState) -> bool:
    """Whether a line of the ledger is about this trial: a seed and a setting tell rounds apart."""
    _, _, setting, seed, *_ = trial.identity
    is_same = (line.get("setting", setting), line.get("seed", seed)) == (setting, seed)
    return line["id"] == key[1] and is_same


def _judge_end(verdict: Verdict, kind: Kind, calm: Calm, folder: Path) -> None:
    """What the end is, beside that of a run that nobody killed."""
    end = state(folder)
    verdict.add("lost", *(f"{key} is not there" for key in sorted(calm.state.keys() - end.keys())))
    extra = sorted(end.keys() - calm.state.keys())
    verdict.add("repeated", *(f"{key} is one too many" for key in extra))
    verdict.add("wrong_values", *_differences(calm.state, end, kind.tolerance))
    left = files(folder)
    unnamed = set(unnamed_checkpoints(folder, end))
    beside = {name for name in left.keys() - calm.files.keys() if not _is_in(name, unnamed)}
    verdict.add("litter", *sorted(unnamed), *sorted(beside))
    verdict.add("litter", *(f"{name} is held" for name in held_locks(folder)))
    temporary = temporary_files(folder) - calm.temporary
    verdict.add("litter", *["a temporary file"] * max(temporary, 0))
    verdict.add("lost", *(f"{name} is missing" for name in sorted(calm.files.keys() - left.keys())))
    exact = [name for name in left if not kind.tolerance or "etude.db.checkpoints" not in name]
    others = [name for name in exact if left[name] != calm.files.get(name, left[name])]
    verdict.add("wrong_values", *(f"{name} reads otherwise" for name in others))


def _is_in(name: str, folders: Collection[str]) -> bool:
    return any(name == folder or name.startswith(f"{folder}/") for folder in folders)


def _differences(right: State, other: State, tolerance: float) -> Iterator[str]:
    for key in sorted(right.keys() & other.keys()):
        if difference := _difference(right[key], other[key], tolerance):
            yield f"{key}: {difference}"


def _difference(right: TrialState, other: TrialState, tolerance: float) -> str:
    """How a trial differs from what is right; empty where it does not."""
    for name in ("identity", "status", "reason", "steps"):
        if getattr(right, name) != getattr(other, name):
            return f"{name} {getattr(other, name)}, not {getattr(right, name)}"
    if [step for step, _ in right.checkpoints] != [step for step, _ in other.checkpoints]:
        return f"checkpoints {other.checkpoints}, not {right.checkpoints}"
    if [one[:2] for one in right.points] != [one[:2] for one in other.points]:
        return f"{len(other.points)} points, not {len(right.points)}"
    for (metric, step, value), (*_, found) in zip(right.points, other.points, strict=True):
        is_same = value == found or (math.isnan(value) and math.isnan(found))
        if not is_same and not math.isclose(value, found, rel_tol=tolerance):
            return f"{metric} at step {step} is {found!r}, not {value!r}"
    return ""


def forget(folder: Path) -> None:
    """Removes a story's folders."""
    for path in folder.parent.glob(f"{folder.name}*"):
        shutil.rmtree(path, ignore_errors=True)
