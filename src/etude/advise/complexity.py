"""What a configuration adds to another one: parts, regularizers, size, time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import final

from ..playbook.catalogue import NO_NAMES, Entry, Names, known
from ..space import Scalar, is_number, value_text
from ..wording import join, number

# Heuristic: less is the noise of a machine that does other things too.
MIN_SLOWER = 0.25
# Three against three that do not overlap are luck in one case of twenty.
MIN_TIMED = 3
# Heuristic: below a millisecond a step, the time is that of the loop around it.
MIN_STEP_S = 1e-3
_OFF = frozenset({"false", "off", "none", "no", "0", "0.0", ""})


@final
@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a setting costs to train.

    Args:
        steps_s: Seconds per step, one number for each of its trainings; empty where not known.
        parameters: Trained parameters, None where nothing logged them.
    """

    steps_s: tuple[float, ...] = ()
    parameters: float | None = None


@final
@dataclass(frozen=True, kw_only=True)
class Complexity:
    """What one configuration has more than another, and what less, one phrase each.

    Args:
        changed: Names with other values that make it neither simpler nor more complex.
    """

    adds: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def net(self) -> int:
        """Parts added less parts dropped."""
        return len(self.adds) - len(self.drops)

    def __str__(self) -> str:
        """The phrases as a sentence without its end."""
        parts = [f"adds {join(self.adds)}" if self.adds else "adds nothing"]
        parts += [f"leaves out {join(self.drops)}"] if self.drops else []
        return " and ".join(parts)


def complexity(
    before: Mapping[str, Scalar],
    after: Mapping[str, Scalar],
    *,
    costs: tuple[Cost, Cost] = (Cost(), Cost()),
    names: Names = NO_NAMES,
) -> Complexity:
    """What `after` adds to `before`, and what it leaves out.

    A part is a hyperparameter that the other has not, or one that is switched off there: a flag, a
    strength of none. A size that grows counts too, so do parameters and time per step.

    Source: A4, R9, R10.
    """
    cost_before, cost_after = costs
    adds = [*_added_parts(before, after, names), *_added_costs(cost_before, cost_after)]
    drops = [*_added_parts(after, before, names), *_added_costs(cost_after, cost_before)]
    shared = before.keys() & after.keys()
    named = {phrase.split("`")[1] for phrase in (*adds, *drops) if "`" in phrase}
    changed = sorted(name for name in shared - named if before[name] != after[name])
    return Complexity(adds=tuple(adds), drops=tuple(drops), changed=tuple(changed))


def _added_parts(
    before: Mapping[str, Scalar], after: Mapping[str, Scalar], names: Names
) -> Iterator[str]:
    for name, value in sorted(after.items()):
        entry = known(name, names)
        if not _is_on(entry, value):
            continue
        old = before.get(name)
        if old is None or not _is_on(entry, old):
            yield f"`{name}` = {_value_phrase(value)}"
        elif entry is not None and entry.size and _grows(old, value):
            yield f"a larger `{name}` ({_value_phrase(old)} to {_value_phrase(value)})"


def _grows(before: Scalar, after: Scalar) -> bool:
    return is_number(before) and is_number(after) and after > before


def _is_on(entry: Entry | None, value: Scalar) -> bool:
    if entry is not None and entry.off is not None and is_number(value):
        return value != entry.off
    return value_text(value).casefold() not in _OFF or (is_number(value) and entry is None)


def _value_phrase(value: Scalar) -> str:
    return number(value) if is_number(value) else value_text(value)


def _added_costs(before: Cost, after: Cost) -> Iterator[str]:
    if _is_slower(before.steps_s, after.steps_s):
        ratio = median(after.steps_s) / median(before.steps_s)
        yield f"{number(ratio, 3)} times the time per step"
    if before.parameters and after.parameters and after.parameters > before.parameters:
        yield f"{number(after.parameters / before.parameters, 3)} times the parameters"


def _is_slower(before_s: Sequence[float], after_s: Sequence[float]) -> bool:
    """Whether each training of one was slower than each of the other, and by enough to matter."""
    if min(len(before_s), len(after_s)) < MIN_TIMED or min(after_s) <= max(before_s):
        return False
    return median(after_s) >= max(MIN_STEP_S, (1 + MIN_SLOWER) * median(before_s))
