"""The space of trials, inferred where nobody wrote it down: roles and bounds from the values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, final

from ...errors import SpaceError
from ...experiment.hyperparameter import Condition, Hyperparameter
from ...experiment.validation.configurations import LOG_ABOVE
from ...playbook.catalogue import known as catalogue_entry
from ...space import Choice, Domain, Integer, Real, Scalar, is_number, is_scalar, value_text
from ...space.domains import Scale
from ..base import SourceTrial
from .spread import spread_scale
from .trials import domain_value, was_cut_off

# Heuristic: a text of more values than this is a name or a path, and no axis of a chart.
MAX_CHOICES = 50
# Heuristic: from here on, texts that all differ name the trials and are no hyperparameter.
MIN_DISTINCT_NAMES = 6
# Heuristic: one study for each value of a list; more than this compares nothing.
MAX_STUDIES = 20
# Heuristic: longer texts are documents; no table or chart shows them.
MAX_TEXT = 200

Values: TypeAlias = Sequence[Scalar]


@final
@dataclass(frozen=True, kw_only=True)
class InferredSpace:
    """The roles that hyperparameters have by their values.

    Args:
        hyperparameters: With their roles and conditions.
        observed: Names of those with a range whose bounds are only the outermost values.
        apart: Names that stay in the settings but in no space, with the reasons.
    """

    hyperparameters: tuple[Hyperparameter, ...]
    observed: frozenset[str]
    apart: Mapping[str, str]


@final
@dataclass
class _Roles:
    hyperparameters: list[Hyperparameter] = field(default_factory=list)
    observed: set[str] = field(default_factory=set)
    apart: dict[str, str] = field(default_factory=dict)


def infer_space(
    trials: Sequence[SourceTrial], domains: Mapping[str, Domain], when: Condition = ()
) -> InferredSpace:
    """The space of these trials: which hyperparameters are fixed, nuisance or scientific.

    A hyperparameter that never changes is fixed. One that changes is nuisance, within the stated
    domain if there is one, else within the outermost values. One that only some trials have,
    exactly those of some values of a list, stands under these values, and the list is scientific
    (R11). Any other that only some trials have stays apart. A trial that ended before it had a
    value may have asked for a part of its setting only: what it lacks, the others do not lack.

    Args:
        trials: Of one study of the other tool.
        domains: The domains that the other tool states.
        when: The condition under which all of the space stands.

    Source: R11, R13.
    """
    whole = [trial for trial in trials if not was_cut_off(trial)] or trials
    columns, all_values = _columns(whole), _columns(trials)
    partial = {name for name in all_values if len(columns.get(name, ())) < len(whole)}
    roles = _Roles()
    lists = _explaining_lists(columns, partial, len(whole))
    for name in sorted(all_values):
        values = list(all_values[name].values())
        if name in lists:
            choice = Choice(_distinct(values))
            roles.hyperparameters.append(Hyperparameter(name, "scientific", choice, when))
        elif name not in partial:
            _add_roles(roles, name, values, domains.get(name), [when])
        elif list_name := next((one for one, names in lists.items() if name in names), None):
            texts = _values_with(columns[list_name], columns[name])
            conditions = [(*when, (list_name, text)) for text in texts]
            _add_roles(roles, name, values, domains.get(name), conditions)
        else:
            roles.apart[name] = f"only {len(values):,} of {len(trials):,} trials have it"
    return InferredSpace(
        hyperparameters=tuple(roles.hyperparameters),
        observed=frozenset(roles.observed),
        apart=roles.apart,
    )


def _columns(trials: Sequence[SourceTrial]) -> dict[str, dict[int, Scalar]]:
    """The values of each name, by the position of the trial."""
    columns: dict[str, dict[int, Scalar]] = defaultdict(dict)
    for at, trial in enumerate(trials):
        for name, value in trial.setting.items():
            columns[name][at] = value
    return columns


def _add_roles(
    roles: _Roles,
    name: str,
    values: Values,
    stated_domain: Domain | None,
    conditions: Iterable[Condition],
) -> None:
    if stated_domain is not None and all(
        domain_value(stated_domain, value) is not None for value in values
    ):
        value: Domain | Scalar | str = stated_domain
        if isinstance(stated_domain, Choice) and len(stated_domain.values) == 1:
            value = stated_domain.values[0]
    else:
        try:
            value = _inferred_domain(name, values)
        except SpaceError as error:
            roles.apart[name] = str(error)
            return
        if isinstance(value, Real | Integer):
            roles.observed.add(name)
    is_domain = isinstance(value, Real | Integer | Choice)
    role = "nuisance" if is_domain else "fixed"
    for when in conditions:
        roles.hyperparameters.append(Hyperparameter(name, role, value, when))  # type: ignore[arg-type]  # one of two roles


def _inferred_domain(name: str, values: Values) -> Domain | Scalar:
    """The domain that the values span, or their one value.

    Raises:
        SpaceError: for values that make no axis, with the reason.
    """
    if name == "when":
        raise SpaceError("`when` is a word of the experiment file: rename it, --rename when=NEW")
    distinct = _distinct(values)
    if any(isinstance(value, str) and len(value) > MAX_TEXT for value in distinct):
        raise SpaceError(f"the text is longer than {MAX_TEXT} characters")
    if len(distinct) == 1:
        if not is_scalar(distinct[0]):
            raise SpaceError("the value is not finite")
        return distinct[0]
    numbers = [value for value in distinct if is_number(value)]
    if len(numbers) == len(distinct):
        return _range_domain(name, numbers)
    if len(distinct) > MAX_CHOICES:
        raise SpaceError(f"{len(distinct):,} different values that are no numbers")
    if len(distinct) == len(values) >= MIN_DISTINCT_NAMES:
        raise SpaceError("another text in every trial, as a name is")
    return Choice(distinct)


def _range_domain(name: str, numbers: Sequence[float]) -> Domain:
    low, high = min(numbers), max(numbers)
    kind = Integer if all(isinstance(one, int) for one in numbers) else Real
    for scale in _scales(name, numbers):
        try:
            return kind(low, high, scale=scale)  # type: ignore[arg-type]  # whole where Integer is the kind
        except SpaceError:
            continue
    return Real(float(low), float(high))


def _scales(name: str, numbers: Sequence[float]) -> list[Scale]:
    """Scales to try, the likeliest first.

    The one on which the values are even; where they do not tell, the catalogue's, then log over two
    decades, then linear.
    """
    low, high = min(numbers), max(numbers)
    entry = catalogue_entry(name)
    starting_domains = [entry.start, *entry.starts.values()] if entry else []
    scales: list[Scale] = [one.scale for one in starting_domains if isinstance(one, Real | Integer)]
    likely = spread_scale(numbers, ["linear", "log", *scales])
    if low > 0 and high >= LOG_ABOVE * low and "one_minus_log" not in scales:
        scales.append("log")
    usual: list[Scale] = [*(one for one in scales if one != "linear"), "linear"]
    return [likely, *usual] if likely else usual


# --- conditions


def _explaining_lists(
    columns: Mapping[str, Mapping[int, Scalar]], partial: set[str], count: int
) -> dict[str, set[str]]:
    """The lists whose values decide which trials have which names, with these names."""
    candidates = [
        name
        for name, column in columns.items()
        if name not in partial and _is_list(list(column.values()))
    ]
    names_of = {
        candidate: {name for name in partial if _values_with(columns[candidate], columns[name])}
        for candidate in candidates
    }
    lists: dict[str, set[str]] = {}
    unexplained = set(partial)
    while unexplained and names_of:
        # The list that explains most names; of equals, the one with the fewest values.
        best_list = min(
            names_of,
            key=lambda candidate: (
                -len(names_of[candidate] & unexplained),
                len(set(columns[candidate].values())),
                candidate,
            ),
        )
        names = names_of.pop(best_list) & unexplained
        if names and _is_full_grid(
            [columns[candidate] for candidate in (*lists, best_list)], count
        ):
            lists[best_list] = names
            unexplained -= names
    return lists


def _is_list(values: Values) -> bool:
    """Whether there are few values, none a float, and several trials for each."""
    distinct = _distinct(values)
    few = 2 <= len(distinct) <= min(MAX_STUDIES, len(values) / 2)
    return few and not any(isinstance(one, float) for one in distinct)


def _values_with(list_values: Mapping[int, Scalar], column: Mapping[int, Scalar]) -> list[str]:
    """The values of a list under which a name exists, for every trial; none where only for some."""
    all_trials = Counter(value_text(value) for value in list_values.values())
    with_name = Counter(value_text(list_values[at]) for at in column)
    return (
        sorted(with_name) if all(all_trials[text] == with_name[text] for text in with_name) else []
    )


def _is_full_grid(columns: Sequence[Mapping[int, Scalar]], count: int) -> bool:
    """Whether every combination of these lists has a trial, so that no study is empty."""
    tried = {tuple(value_text(column[at]) for column in columns) for at in range(count)}
    grid_size = 1
    for column in columns:
        grid_size *= len({value_text(value) for value in column.values()})
    return grid_size <= MAX_STUDIES and len(tried) == grid_size


def _distinct(values: Iterable[Scalar]) -> list[Scalar]:
    """The different values: numbers by size, then the others by their text."""
    first_values: dict[object, Scalar] = {}
    for value in values:
        first_values.setdefault(value if is_number(value) else (type(value), value), value)
    numbers = sorted(value for value in first_values.values() if is_number(value))
    others = [value for value in first_values.values() if not is_number(value)]
    return [*numbers, *sorted(others, key=value_text)]
