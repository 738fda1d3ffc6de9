"""What people read of an import: one thought a line, long lists cut short and counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ..wording import join, number, quantity
from .output import paragraph

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


def import_lines(summary: ImportSummary, kind: str, source: Path) -> Iterator[str]:
    """What came, what it lies in, and what stayed behind."""
    name = summary.experiment.name
    if summary.is_repeated:
        yield f"`{name}` has these results of {source} ({kind}) already; nothing was written."
    else:
        yield f"Imported `{name}` from {source} ({kind})."
    yield from _counts(summary)
    for sentence in summary.warnings:
        yield _indented(f"WARNING: {sentence}")
    for role in ("scientific", "nuisance", "fixed"):
        yield from _role(summary, role)
    observed = _join([f"`{name}`" for name in summary.experiment.observed])
    if observed:
        yield _indented(
            f"Bounds of {observed} are only the outermost values tried: where you know the space, "
            "import with --space FILE."
        )
    yield from _names(summary)
    yield from _unseen(summary)
    yield from _left_out(summary)
    yield from _of_test_data(summary)


def _of_test_data(summary: ImportSummary) -> Iterator[str]:
    from ..design.checks.judged import findings
    from .output import finding_lines

    for finding in findings(summary.experiment):
        yield from finding_lines(finding)


def _counts(summary: ImportSummary) -> Iterator[str]:
    from ..connect.assembly.assemble import NOWHERE

    statuses = _join([f"{count:,} {status}" for status, count in summary.statuses.items()])
    yield _indented(f"{quantity(sum(summary.trials.values()), 'trial')}: {statuses}")
    if summary.without_metric:
        yield paragraph(
            f"{quantity(summary.without_metric, 'completed trial has', 'completed trials have')} "
            f"no value of {summary.experiment.metric}: missing, not diverged",
            indent="    ",
        )
    studies = {name: count for name, count in summary.trials.items() if name != NOWHERE}
    if len(studies) > 1:
        names = _join([f"{study} ({count:,})" for study, count in studies.items()])
        one = "; --study NAME takes one of them" if summary.source_studies else ""
        yield _indented(f"{len(studies)} studies: {names}{one}")
    metrics = _join([f"{name} {count:,}" for name, count in summary.metrics.items()])
    points = quantity(sum(summary.metrics.values()), "point")
    yield _indented(f"{quantity(len(summary.metrics), 'metric')}, {points}: {metrics}")


# --- the space


def _role(summary: ImportSummary, role: Role) -> Iterator[str]:
    """A line for what always exists, then one for what exists under the same conditions."""
    from ..text.secret_values import shown_value

    groups = _groups(summary, role)
    for under in [*groups][: _SHOWN + 1]:
        shown = [(name, shown_value(name, value)) for name, value in groups[under]]
        values = _join([f"{name} = {_value(value)}" for name, value in shown])
        where = f" where {_condition(under)}" if under != ((),) else ""
        yield _indented(f"{role}{where}: {values}")
    if (more := len(groups) - _SHOWN - 1) > 0:
        yield _indented(f"{role} under {quantity(more, 'further condition')}, not shown here")


def _groups(summary: ImportSummary, role: Role) -> Mapping[tuple[Condition, ...], _Members]:
    """Hyperparameters of one role that exist under the same conditions, the unconditional first."""
    conditions: dict[str, tuple[str, Domain | Scalar, list[Condition]]] = {}
    for entry in summary.experiment.hyperparameters:
        if entry.role == role:
            key = f"{entry.name}={entry.value!r}"
            member = conditions.setdefault(key, (entry.name, entry.value, []))
            member[2].append(entry.when)
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
    """A domain or a value as a person says it, numbers with the digits of a sentence."""
    from ..experiment.toml.write import toml_text
    from ..space import Choice, Integer, Real

    if isinstance(value, Choice):
        return f"[{_join([toml_text(_short(one)) for one in value.values])}]"
    if isinstance(value, Real | Integer):
        scale = f" ({value.scale})" if value.scale != "linear" else ""
        return f"{number(value.low)} to {number(value.high)}{scale}"
    return toml_text(_short(value))


def _names(summary: ImportSummary) -> Iterator[str]:
    """What names are taken for: a next round has [names], and the import can rename."""
    from ..design.known_names import taken_line

    way_out = "Change it with --rename OLD=NEW, or in `[names]` of a --space file."
    if line := taken_line(summary.taken_for, way_out):
        yield _indented(line)


# --- what stayed behind


def _unseen(summary: ImportSummary) -> Iterator[str]:
    """What most trials have and no check looks at, with the way out."""
    trials = sum(summary.trials.values())
    names = _join(
        [
            f"`{name}` ({count:,} of {trials:,} trials have it)"
            for name, count in summary.unseen.items()
        ]
    )
    if names:
        it = "it" if len(summary.unseen) == 1 else "them"
        yield _indented(
            f"WARNING: no check sees {names}, since some trials lack {it}: C1, D3 and R2 say "
            f"nothing of {it}. Leave those trials out of the source, or record a hyperparameter "
            f"that says which have {it}."
        )


def _left_out(summary: ImportSummary) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for name, reason in summary.apart.items():
        if name not in summary.unseen:
            by_reason.setdefault(reason, []).append(f"`{name}`")
    for reason, names in by_reason.items():
        verb = "stays" if len(names) == 1 else "stay"
        yield _indented(
            f"{_join(names, most=_NAMED)} {verb} in the settings but in no space: {reason}."
        )
    for sentence in summary.left_out[:_SENTENCES]:
        yield _indented(f"left out: {sentence}")
    if len(summary.left_out) > _SENTENCES:
        yield _indented(
            f"... and {len(summary.left_out) - _SENTENCES:,} more left out: import under another "
            "name with --json, which names all."
        )


def _indented(text: str) -> str:
    return paragraph(text, indent="  ", hanging="    ")


def _join(texts: Sequence[str], *, most: int = _SHOWN) -> str:
    return join(texts, most=most, commas=True)


def _short(value: Scalar) -> Scalar:
    if isinstance(value, str) and len(value) > _LENGTH:
        return f"{value[:_LENGTH]}..."
    return value
