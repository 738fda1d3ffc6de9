"""What a configuration adds to another one: parts, regularizers, size, time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

from ..playbook.catalogue import NO_NAMES, Entry, Names, known
from ..space import Scalar, is_number, value_text
from ..wording import join, number

# Heuristic: less is the noise of a machine that does other things too.
MIN_SLOWER = 0.25
# Heuristic: below a millisecond a step, the time is that of the loop around it.
MIN_STEP_S = 1e-3
_OFF = frozenset({"false", "off", "none", "no", "0", "0.0", ""})


@final
@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a training costs, None where it is not known: seconds a step, trained parameters."""

    step_s: float | None = None
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
    if _exceeds(after.step_s, before.step_s, MIN_SLOWER) and (after.step_s or 0.0) >= MIN_STEP_S:
        yield f"{_ratio(after.step_s, before.step_s)} times the time per step"
    if _exceeds(after.parameters, before.parameters, 0.0):
        yield f"{_ratio(after.parameters, before.parameters)} times the parameters"


def _exceeds(after: float | None, before: float | None, least: float) -> bool:
    """Whether one is greater than the other by more than this share of it."""
    return bool(before and after and after / before > 1 + least)


def _ratio(after: float | None, before: float | None) -> str:
    return number((after or 0.0) / (before or 1.0), 3)
