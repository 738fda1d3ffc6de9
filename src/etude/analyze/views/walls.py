"""Walls: where training broke in the rounds before, as far as that holds for a study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, final

from ...experiment import Experiment
from ...playbook.catalogue import Names, known
from ...space import Choice, Domain, Scalar, Side, is_number
from ...study import Study

# What bears on where training breaks, beside its values.
TRAINED_BY = ("train", "max_steps", "diverged_above", "metric", "maximize")
# What steadies training (D6, D9), and in which direction more of it does.
_STEADIER: Mapping[str, Side] = {
    "warmup_steps": "high",
    "warmup_fraction": "high",
    "gradient_clip": "low",
}
Setting: TypeAlias = Mapping[str, Scalar]


@final
@dataclass(frozen=True, kw_only=True)
class EarlierTrials:
    """The trials of an earlier round that trained what a study trains.

    Args:
        round: The name of its experiment.
        changed: What trains otherwise now: names of hyperparameters, or of `TRAINED_BY`.
        ranges: The outermost values of what it searched, by name.
    """

    round: str
    trained: tuple[Setting, ...]
    broken: tuple[Setting, ...]
    changed: frozenset[str] = frozenset()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@final
@dataclass(frozen=True, kw_only=True)
class Wall:
    """Where training breaks towards one side of an axis, by the trials of earlier rounds too.

    Args:
        begins: The first value that breaks: at it and beyond none trains, in no round.
        last: The outermost value that trains, before it.
        broken: How many trials of earlier rounds lie there.
        rounds: The rounds that they are of.
        changed: What trains otherwise now, where it stands no longer; empty where it stands.
    """

    begins: float
    last: float
    broken: int
    rounds: tuple[str, ...]
    changed: tuple[str, ...] = ()


@final
@dataclass(frozen=True, kw_only=True)
class AxisSide:
    """One side of an axis: its name, the side, and the bound that stands there."""

    name: str
    side: Side
    bound: float

    @property
    def outward(self) -> float:
        """1 where values grow towards the side, else -1."""
        return 1.0 if self.side == "high" else -1.0


def wall(
    at: AxisSide,
    *,
    own: Sequence[tuple[Setting, bool]],
    earlier: Sequence[EarlierTrials],
    min_beyond: int,
) -> Wall | None:
    """The wall towards a side, by the rounds that trained as this one does; None without one.

    Args:
        at: The side.
        own: The settings of this round, with whether they trained.
        earlier: The rounds before.
        min_beyond: So many broken trials of earlier rounds make a wall. One is enough where the
            range reached further once: there it was given up.

    Source: C1, C3.
    """
    alike = [one for one in earlier if not one.changed - {at.name}]
    trained = _values(at.name, [*(one for one, good in own if good), *_all_trained(alike)])
    broken = _values(at.name, (one for one, good in own if not good))
    return _wall(at, trained, broken, alike, min_beyond)


def lifted_wall(
    at: AxisSide,
    *,
    own: Sequence[tuple[Setting, bool]],
    earlier: Sequence[EarlierTrials],
    min_beyond: int,
) -> Wall | None:
    """The wall of the rounds that trained otherwise, with what changed; None without one.

    Source: C1, C3, D11.
    """
    otherwise = [one for one in earlier if one.changed - {at.name}]
    trained = _values(at.name, [*(one for one, good in own if good), *_all_trained(earlier)])
    wall_there = _wall(at, trained, [], otherwise, min_beyond)
    if wall_there is None:
        return None
    last = next(one for one in reversed(otherwise) if one.round in wall_there.rounds)
    return replace(wall_there, changed=tuple(sorted(last.changed - {at.name})))


def _all_trained(earlier: Sequence[EarlierTrials]) -> list[Setting]:
    return [setting for one in earlier for setting in one.trained]


def _values(name: str, settings: Iterable[Setting]) -> list[float]:
    """The numbers that settings have there; whatever else they have lies nowhere on an axis."""
    return [float(one[name]) for one in settings if is_number(one.get(name))]


def _wall(
    at: AxisSide,
    trained: Sequence[float],
    own_broken: Sequence[float],
    rounds: Sequence[EarlierTrials],
    min_beyond: int,
) -> Wall | None:
    if not trained:
        return None
    last = max(trained) if at.side == "high" else min(trained)
    beyond = [
        (one.round, value)
        for one in rounds
        for value in _values(at.name, one.broken)
        if _is_out(at, value, last)
    ]
    earlier = [value for _, value in beyond]
    end = 1 if at.side == "high" else 0
    was_wider = any(
        at.name in one.ranges and _is_out(at, one.ranges[at.name][end], at.bound) for one in rounds
    )
    if len(earlier) < (1 if was_wider else min_beyond):
        return None
    every = [*earlier, *(value for value in own_broken if _is_out(at, value, last))]
    return Wall(
        begins=min(every) if at.side == "high" else max(every),
        last=last,
        broken=len(earlier),
        rounds=tuple(dict.fromkeys(name for name, _ in beyond)),
    )


def _is_out(at: AxisSide, value: float, other: float) -> bool:
    """Whether a value lies further towards the side than another."""
    return at.outward * (value - other) > 0


def searched_ranges(study: Study) -> dict[str, tuple[float, float]]:
    """The outermost numbers of what a study searches, by name.

    Source: C1.
    """
    ends = {
        name: (_end(domain, "low"), _end(domain, "high"))
        for name, domain in study.space.domains.items()
    }
    return {
        name: (low, high)
        for name, (low, high) in ends.items()
        if low is not None and high is not None
    }


def has_same_values(study: Study, setting: Setting) -> bool:
    """Whether a trial of an earlier round has the scientific values of this study.

    Source: R12.
    """
    return all(setting.get(name) == value for name, value in study.scientific.items())


def differences(before: tuple[Experiment, Study], now: tuple[Experiment, Study]) -> frozenset[str]:
    """What trains otherwise in a study than in one of an earlier round, by name.

    Where a range moves, training is the same at each of its values, and what was searched and is
    held at one of its values now is held at one that was searched. But what steadies training more
    than any trial before had it moves where training breaks.

    Source: C3, D6, D9, R12.
    """
    by_attribute = {
        name for name in TRAINED_BY if getattr(before[0], name) != getattr(now[0], name)
    }
    then, here = _everything(before[1]), _everything(now[1])
    scientific = now[1].scientific.keys() | before[1].scientific.keys()
    by_value = {
        name
        for name in (then.keys() | here.keys()) - scientific
        if name not in then
        or name not in here
        or _differs(name, then[name], here[name], now[1].names)
    }
    return frozenset(by_attribute | by_value)


def _everything(study: Study) -> dict[str, Domain | Scalar]:
    return {**study.fixed, **study.scientific, **study.space.domains}


def _differs(name: str, then: Domain | Scalar, here: Domain | Scalar, names: Names) -> bool:
    """Whether one hyperparameter makes training another than it was."""
    is_held, was_held = (not _is_domain(value) for value in (here, then))
    if is_held and was_held:
        return here != then
    if is_held:
        return not _contains(then, here)
    entry = known(name, names)
    steadier = _STEADIER.get(entry.name if entry else "")
    if steadier is None:
        return False
    ends = _end(then, steadier), _end(here, steadier)
    if ends[0] is None or ends[1] is None:
        return here != then
    return ends[1] > ends[0] if steadier == "high" else ends[1] < ends[0] or ends[0] == 0 < ends[1]


def _is_domain(value: object) -> bool:
    return isinstance(value, Domain)


def _contains(domain: Domain | Scalar, value: Domain | Scalar) -> bool:
    if isinstance(domain, Choice):
        return value in domain.values
    low, high = _end(domain, "low"), _end(domain, "high")
    return is_number(value) and low is not None and high is not None and low <= value <= high


def _end(value: Domain | Scalar, side: Literal["low", "high"]) -> float | None:
    """The outermost number of a domain, or a held number itself; None where there is none."""
    if is_number(value):
        return float(value)
    if isinstance(value, Choice):
        numbers = [float(one) for one in value.values if is_number(one)]
        return (max(numbers) if side == "high" else min(numbers)) if numbers else None
    if _is_domain(value):
        return float(getattr(value, side))
    return None
