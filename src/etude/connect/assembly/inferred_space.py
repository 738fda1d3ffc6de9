"""The space that trials lie in, where nobody wrote it down: roles and bounds from the values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, final

from ...errors import SpaceError
from ...experiment.hyperparameter import Condition, Hyperparameter
from ...experiment.validation.configurations import LOG_ABOVE
from ...playbook.catalogue import known
from ...space import Choice, Domain, Integer, Real, Scalar, is_number, is_scalar, value_text
from ...space.domains import Scale
from ..base import SourceTrial
from .trials import matched

# Heuristic: a text of more values than this is a name or a path, and no axis of a chart.
MAX_CHOICES = 50
# Heuristic: from here on, texts that all differ name the trials and are no hyperparameter.
MIN_NAMES = 6
# Heuristic: one study for each value of a list; more than this compares nothing.
MAX_STUDIES = 20
# Heuristic: longer texts are documents; no table or chart shows them.
MAX_TEXT = 200

Values: TypeAlias = Sequence[Scalar]


@final
@dataclass(frozen=True, kw_only=True)
class InferredSpace:
    """The roles of what varied, and of what did not.

    Args:
        hyperparameters: Each in its role.
        observed: Those with a range whose bounds are only the outermost values.
        apart: What stays in the settings but in no space, each with the reason.
    """

    hyperparameters: tuple[Hyperparameter, ...]
    observed: frozenset[str]
    apart: Mapping[str, str]


@final
@dataclass
class _Found:
    hyperparameters: list[Hyperparameter] = field(default_factory=list)
    observed: set[str] = field(default_factory=set)
    apart: dict[str, str] = field(default_factory=dict)


def infer_space(
    trials: Sequence[SourceTrial], domains: Mapping[str, Domain], when: Condition = ()
) -> InferredSpace:
    """What is fixed, nuisance or scientific in these trials.

    What never changes is fixed; what changes is nuisance, within the stated domain if there is one,
    else within the outermost values. What only some trials have, exactly those of some values of a
    list, stands under these values, and the list is scientific (R11). All else that only some
    trials have stays apart.

    Args:
        trials: Of one study of the other tool.
        domains: The space as far as the other tool states it.
        when: The condition under which all of this stands.

    Source: R11, R13.
    """
    columns: dict[str, dict[int, Scalar]] = defaultdict(dict)
    for at, trial in enumerate(trials):
        for name, value in trial.setting.items():
            columns[name][at] = value
    partial = {name for name, column in columns.items() if len(column) < len(trials)}
    found = _Found()
    switches = _switches(columns, partial, len(trials))
    for name in sorted(columns):
        values = list(columns[name].values())
        if name in switches:
            listed = Choice(_distinct(values))
            found.hyperparameters.append(Hyperparameter(name, "scientific", listed, when))
        elif name not in partial:
            _place(found, name, values, domains.get(name), [when])
        elif switch := next((one for one, under in switches.items() if name in under), None):
            texts = _under(columns[switch], columns[name])
            conditions = [(*when, (switch, text)) for text in texts]
            _place(found, name, values, domains.get(name), conditions)
        else:
            found.apart[name] = f"only {len(values):,} of {len(trials):,} trials have it"
    return InferredSpace(
        hyperparameters=tuple(found.hyperparameters),
        observed=frozenset(found.observed),
        apart=found.apart,
    )


def _place(
    found: _Found, name: str, values: Values, stated: Domain | None, under: Iterable[Condition]
) -> None:
    if stated is not None and all(matched(stated, value) is not None for value in values):
        value: Domain | Scalar | str = stated
        if isinstance(stated, Choice) and len(stated.values) == 1:
            value = stated.values[0]
    else:
        try:
            value = _guessed(name, values)
        except SpaceError as error:
            found.apart[name] = str(error)
            return
        if isinstance(value, Real | Integer):
            found.observed.add(name)
    is_domain = isinstance(value, Real | Integer | Choice)
    role = "nuisance" if is_domain else "fixed"
    for when in under:
        found.hyperparameters.append(Hyperparameter(name, role, value, when))  # type: ignore[arg-type]  # one of two roles


def _guessed(name: str, values: Values) -> Domain | Scalar:
    """The domain that the values span, or the one value that all have.

    Raises:
        SpaceError: for what is no axis, with the reason.
    """
    if name == "when":
        raise SpaceError("`when` is a word of the experiment file: rename it, --rename when=NEW")
    distinct = _distinct(values)
    if any(isinstance(one, str) and len(one) > MAX_TEXT for one in distinct):
        raise SpaceError(f"the text is longer than {MAX_TEXT} characters")
    if len(distinct) == 1:
        if not is_scalar(distinct[0]):
            raise SpaceError("the value is not finite")
        return distinct[0]
    numbers = [one for one in distinct if is_number(one)]
    if len(numbers) == len(distinct):
        return _range(name, numbers)
    if len(distinct) > MAX_CHOICES:
        raise SpaceError(f"{len(distinct):,} different values that are no numbers")
    if len(distinct) == len(values) >= MIN_NAMES:
        raise SpaceError("another text in every trial, as a name is")
    return Choice(distinct)


def _range(name: str, numbers: Sequence[float]) -> Domain:
    low, high = min(numbers), max(numbers)
    kind = Integer if all(isinstance(one, int) for one in numbers) else Real
    for scale in _scales(name, low, high):
        try:
            return kind(low, high, scale=scale)  # type: ignore[arg-type]  # whole where Integer is the kind
        except SpaceError:
            continue
    return Real(float(low), float(high))


def _scales(name: str, low: float, high: float) -> list[Scale]:
    """Scales to try, the likeliest first: the catalogue's, log over two decades, linear."""
    entry = known(name)
    starts = [entry.start, *entry.starts.values()] if entry else []
    scales: list[Scale] = [one.scale for one in starts if isinstance(one, Real | Integer)]
    if low > 0 and high >= LOG_ABOVE * low and "one_minus_log" not in scales:
        scales.append("log")
    return [*(one for one in scales if one != "linear"), "linear"]


# --- conditions


def _switches(
    columns: Mapping[str, Mapping[int, Scalar]], partial: set[str], count: int
) -> dict[str, set[str]]:
    """The lists that say which trials have what, each with the names that it explains."""
    candidates = [
        name
        for name, column in columns.items()
        if name not in partial and _is_list(list(column.values()))
    ]
    explained = {
        one: {name for name in partial if _under(columns[one], columns[name])} for one in candidates
    }
    chosen: dict[str, set[str]] = {}
    left = set(partial)
    while left and explained:
        # The one that explains most; of equals, the one with the fewest values.
        best = min(
            explained,
            key=lambda one: (-len(explained[one] & left), len(set(columns[one].values())), one),
        )
        names = explained.pop(best) & left
        if names and _covered([columns[one] for one in (*chosen, best)], count):
            chosen[best] = names
            left -= names
    return chosen


def _is_list(values: Values) -> bool:
    """Whether each of a few values, texts, truths or whole numbers, stands in several trials."""
    distinct = _distinct(values)
    few = 2 <= len(distinct) <= min(MAX_STUDIES, len(values) / 2)
    return few and not any(isinstance(one, float) for one in distinct)


def _under(switch: Mapping[int, Scalar], column: Mapping[int, Scalar]) -> list[str]:
    """The values of a list under which a name exists; none where it exists in some of a value."""
    everywhere = Counter(value_text(value) for value in switch.values())
    here = Counter(value_text(switch[at]) for at in column)
    return sorted(here) if all(everywhere[text] == here[text] for text in here) else []


def _covered(columns: Sequence[Mapping[int, Scalar]], count: int) -> bool:
    """Whether every combination of these lists has a trial, so that no study is empty."""
    combinations = {tuple(value_text(one[at]) for one in columns) for at in range(count)}
    most = 1
    for column in columns:
        most *= len({value_text(value) for value in column.values()})
    return most <= MAX_STUDIES and len(combinations) == most


def _distinct(values: Iterable[Scalar]) -> list[Scalar]:
    """Each value once, numbers by size, then the others by their text."""
    kept: dict[object, Scalar] = {}
    for value in values:
        kept.setdefault(value if is_number(value) else (type(value), value), value)
    numbers = sorted(value for value in kept.values() if is_number(value))
    others = [value for value in kept.values() if not is_number(value)]
    return [*numbers, *sorted(others, key=value_text)]
