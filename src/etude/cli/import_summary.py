"""What people read of an import: one thought a line, long lists cut short and counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ..wording import join, number, quantity
from .output import wrapped

if TYPE_CHECKING:
    from ..connect.importer import ImportSummary
    from ..experiment.hyperparameter import Condition, Role
    from ..space import Domain, Scalar

# So many hyperparameters, values, studies, metrics or conditions a person takes in at a glance.
_SHOWN = 6
# What is left out has its name said as long as that makes a line or two.
_NAMED = 12
# So many sentences about what was left out.
_SENTENCES = 20
# So many characters of a value.
_LENGTH = 40

_Members: TypeAlias = list[tuple[str, "Domain | Scalar"]]


def lines(arrived: ImportSummary, kind: str, source: Path) -> Iterator[str]:
    """What came, what it lies in, and what stayed behind."""
    yield f"Imported `{arrived.experiment.name}` from {source} ({kind})."
    yield from _counts(arrived)
    for role in ("scientific", "nuisance", "fixed"):
        yield from _role(arrived, role)
    observed = _join([f"`{name}`" for name in arrived.experiment.observed])
    if observed:
        yield _line(
            f"Bounds of {observed} are only the outermost values tried: where you know the space, "
            "import with --space FILE."
        )
    yield from _unseen(arrived)
    yield from _left_out(arrived)


def _counts(arrived: ImportSummary) -> Iterator[str]:
    from ..connect.assembly.assemble import NOWHERE

    statuses = _join([f"{count:,} {what}" for what, count in arrived.statuses.items()])
    yield _line(f"{quantity(sum(arrived.trials.values()), 'trial')}: {statuses}")
    if arrived.without_metric:
        yield wrapped(
            f"{quantity(arrived.without_metric, 'completed trial has', 'completed trials have')} "
            f"no value of {arrived.experiment.metric}: missing, not diverged",
            indent="    ",
        )
    studies = {name: count for name, count in arrived.trials.items() if name != NOWHERE}
    if len(studies) > 1:
        shown = _join([f"{study} ({count:,})" for study, count in studies.items()])
        yield _line(f"{len(studies)} studies: {shown}")
    metrics = _join([f"{name} {count:,}" for name, count in arrived.metrics.items()])
    points = quantity(sum(arrived.metrics.values()), "point")
    yield _line(f"{quantity(len(arrived.metrics), 'metric')}, {points}: {metrics}")


# --- the space


def _role(arrived: ImportSummary, role: Role) -> Iterator[str]:
    """A line for what always exists, then one for what exists under the same conditions."""
    groups = _groups(arrived, role)
    for under in [*groups][: _SHOWN + 1]:
        shown = _join([f"{name} = {_value(value)}" for name, value in groups[under]])
        where = f" where {_condition(under)}" if under != ((),) else ""
        yield _line(f"{role}{where}: {shown}")
    if (more := len(groups) - _SHOWN - 1) > 0:
        yield _line(f"{role} under {quantity(more, 'further condition')}, not shown here")


def _groups(arrived: ImportSummary, role: Role) -> Mapping[tuple[Condition, ...], _Members]:
    """Hyperparameters of one role that exist under the same conditions, the unconditional first."""
    conditions: dict[str, tuple[str, Domain | Scalar, list[Condition]]] = {}
    for one in arrived.experiment.hyperparameters:
        if one.role == role:
            same = conditions.setdefault(f"{one.name}={one.value!r}", (one.name, one.value, []))
            same[2].append(one.when)
    groups: dict[tuple[Condition, ...], _Members] = {}
    for name, value, under in conditions.values():
        groups.setdefault(tuple(under), []).append((name, value))
    return dict(sorted(groups.items(), key=lambda item: item[0] != ((),)))


def _condition(under: Sequence[Condition]) -> str:
    """When something exists: `optimizer = adam, nadam`, or several names together."""
    names = {tuple(name for name, _ in one) for one in under}
    if len(names) == 1 and len(under[0]) == 1:
        return f"{under[0][0][0]} = {_join([one[0][1] for one in under])}"
    return _join([" and ".join(f"{name} = {text}" for name, text in one) for one in under])


def _value(value: Domain | Scalar) -> str:
    """A domain or a value as a person says it, numbers with four digits."""
    from ..experiment.toml.write import toml_text
    from ..space import Choice, Integer, Real

    if isinstance(value, Choice):
        return f"[{_join([toml_text(_short(one)) for one in value.values])}]"
    if isinstance(value, Real | Integer):
        scale = f" ({value.scale})" if value.scale != "linear" else ""
        return f"{number(value.low)} to {number(value.high)}{scale}"
    return toml_text(_short(value))


# --- what stayed behind


def _unseen(arrived: ImportSummary) -> Iterator[str]:
    """What most trials have and no check looks at, with the way out."""
    trials = sum(arrived.trials.values())
    shown = _join(
        [
            f"`{name}` ({count:,} of {trials:,} trials have it)"
            for name, count in arrived.unseen.items()
        ]
    )
    if shown:
        it = "it" if len(arrived.unseen) == 1 else "them"
        yield _line(
            f"WARNING: no check sees {shown}, since some trials lack {it}: C1, D3 and R2 say "
            f"nothing of {it}. Leave those trials out of the source, or record a hyperparameter "
            f"that says which have {it}."
        )


def _left_out(arrived: ImportSummary) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for name, why in arrived.apart.items():
        if name in arrived.unseen:
            continue
        reasons.setdefault(why, []).append(f"`{name}`")
    for why, names in reasons.items():
        verb = "stays" if len(names) == 1 else "stay"
        listed = _join(names, most=_NAMED)
        yield _line(f"{listed} {verb} in the settings but in no space: {why}.")
    for sentence in arrived.left_out[:_SENTENCES]:
        yield _line(f"left out: {sentence}")
    if len(arrived.left_out) > _SENTENCES:
        yield _line(
            f"... and {len(arrived.left_out) - _SENTENCES:,} more left out: import under another "
            "name with --json, which names all."
        )


def _line(text: str) -> str:
    return wrapped(text, indent="  ", hanging="    ")


def _join(texts: Sequence[str], *, most: int = _SHOWN) -> str:
    return join(texts, most=most, commas=True)


def _short(value: Scalar) -> Scalar:
    if isinstance(value, str) and len(value) > _LENGTH:
        return f"{value[:_LENGTH]}..."
    return value
