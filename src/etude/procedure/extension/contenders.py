"""Contenders: the settings whose order was the conclusion of a short round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from ...experiment.hyperparameter import Hyperparameter
from ...playbook.catalogue import known as catalogued
from ...record import Record
from ...space import Integer, Real, Scalar, is_number
from ...space.rounding import ten_digits
from ...study import study_name
from ...wording import number
from ..base import Known, Setting

Family: TypeAlias = Literal["leader", "study", "region", "setting"]


@final
@dataclass(frozen=True, kw_only=True)
class Contender:
    """A setting of the short round, or a neighbour of its best.

    Args:
        name: As a conclusion calls it: `optimizer=adam`, `learning_rate = 0.03`.
        setting: At the short length.
        family: Why it is there: the best of all or of the study that was asked for, the best of
            another study, a neighbour of the leader along its leading hyperparameter, or the
            runner-up of a single study.
        study: Its study; empty where it is no study's best.
        axis: The hyperparameter along which it is a neighbour; empty where it is none.
    """

    name: str
    setting: Setting
    family: Family
    study: str = ""
    axis: str = ""


def contenders(known: Known, *, studies: int, factor: float) -> tuple[Contender, ...]:
    """The leader first, the best of other studies, and its neighbours; empty without a leader.

    Args:
        known: With the trials of the short round.
        studies: At most so many studies are looked at, the best first.
        factor: How far the neighbours lie from the leader.

    Source: T8, T14, R13.
    """
    if known.tried is None or known.tried.best is None:
        return ()
    origin = _origin(known)
    study = _study_of_leader(known, origin)
    given = _given(known, origin)
    rivals = [row for row in _best_of_each(known) if row[0] != study][: studies - 1]
    first = Contender(
        name=study if origin is None else _name(study, f"trial {origin.id}"),
        setting=known.setting,
        family="leader",
        study=study,
    )
    others = [
        Contender(name=name, setting=_with(setting, given), family="study", study=name)
        for name, setting in rivals
    ] or list(_runner_up(known, given))
    return _distinct((first, *others, *_neighbours(known, factor)))


def leading(known: Known) -> str | None:
    """The hyperparameter whose best region is looked at: the rate, else the first that is searched.

    Only positive numbers have neighbours a factor away; None without one.

    Source: R7, T14.
    """
    rate = known.name_of("learning_rate")
    searched = [one.name for one in known.base.hyperparameters if one.role == "nuisance"]
    names = ([rate] if rate else []) + [name for name in searched if _has_log_scale(known, name)]
    return next((name for name in names if _is_positive(known.setting.get(name))), None)


def lines_of(known: Known, name: str) -> Hyperparameter | None:
    """Where a hyperparameter of the configuration stands in the user's file.

    Source: R11.
    """
    return next(
        (
            one
            for one in known.base.hyperparameters
            if one.name == name and one.role != "scientific" and one.exists(known.setting)
        ),
        None,
    )


def _origin(known: Known) -> Record | None:
    """The trial whose values the configuration has, but for what was typed.

    As `setting_of` chose it: the best of the studies that were asked for, which are those of the
    configuration's scientific values, else of all; None where no trial of these is feasible.
    """
    assert known.tried is not None
    planned = known.tried.studies
    asked = [
        study
        for study in planned
        if all(known.setting.get(name, value) == value for name, value in study.scientific.items())
    ]
    return known.tried.best_of({study.name for study in asked or planned})


def _given(known: Known, origin: Record | None) -> dict[str, Scalar]:
    """What was typed in place of a trial's values, and stands in place of the rivals' too.

    No scientific value: it says which study leads, and a rival keeps its own. Nothing without a
    trial, since what was typed is not told from the middle of a range.
    """
    if origin is None:
        return {}
    scientific = _scientific(known)
    return {
        name: value
        for name, value in known.setting.items()
        if name not in scientific and origin.setting.get(name) != value
    }


def _study_of_leader(known: Known, origin: Record | None) -> str:
    """The study of the trial, or the share of a merged one; what is trained where that is none."""
    assert known.tried is not None
    scientific = _scientific(known)
    if origin is None or any(origin.setting.get(name) != scientific[name] for name in scientific):
        return study_name(scientific)
    analysis = known.tried.analysis
    return next(
        study.name
        for study in analysis.compared_studies
        if any(record.id == origin.id for record in analysis.records_of(study))
    )


def _scientific(known: Known) -> dict[str, Scalar]:
    """The scientific values of the configuration."""
    names = {one.name for one in known.base.hyperparameters if one.role == "scientific"}
    return {name: value for name, value in known.setting.items() if name in names}


def _best_of_each(known: Known) -> list[tuple[str, Setting]]:
    """The best setting of each study that has one, the best study first."""
    assert known.tried is not None
    analysis = known.tried.analysis
    best = [
        (found[0].loss, study.name, found[0].record.setting)
        for study in analysis.compared_studies
        if (found := analysis.best_first(study))
    ]
    return [(name, setting) for _, name, setting in sorted(best, key=lambda one: one[:2])]


def _runner_up(known: Known, given: Setting) -> Iterator[Contender]:
    assert known.tried is not None
    ranked = sorted(
        (loss, one.id, one)
        for one in known.tried.records
        if (loss := known.tried.loss(one)) is not None
    )
    for _, _, record in ranked:
        setting = _with(record.setting, given)
        if setting != dict(known.setting):
            yield Contender(name=f"trial {record.id}", setting=setting, family="setting")
            return


def _neighbours(known: Known, factor: float) -> Iterator[Contender]:
    name = leading(known)
    if name is None:
        return
    value = known.setting[name]
    line = lines_of(known, name)
    # A value that is written `1` may be a fraction; what is searched in whole numbers may not.
    is_whole = line is not None and isinstance(line.value, Integer)
    for new in (float(value) / factor, float(value) * factor):
        moved: int | float = round(new) if is_whole else ten_digits(new)
        if moved <= 0:
            continue
        yield Contender(
            name=f"{name} = {number(moved)}",
            setting={**known.setting, name: moved},
            family="region",
            axis=name,
        )


def _distinct(rows: Sequence[Contender]) -> tuple[Contender, ...]:
    """Each setting once: the first that has it."""
    return tuple(
        row
        for place, row in enumerate(rows)
        if all(dict(row.setting) != dict(other.setting) for other in rows[:place])
    )


def _with(setting: Setting, given: Setting) -> dict[str, Scalar]:
    return {name: given.get(name, value) for name, value in setting.items()}


def _name(study: str, otherwise: str) -> str:
    return study if study != "all" else otherwise


def _is_positive(value: Scalar | None) -> bool:
    return is_number(value) and float(value) > 0


def _has_log_scale(known: Known, name: str) -> bool:
    """Whether a factor is how it is searched, and it is none of the schedule's."""
    entry = catalogued(name, known.base.names)
    is_length = entry is not None and entry.kind in ("schedule", "budget")
    return not is_length and any(
        one.name == name and isinstance(one.value, Real | Integer) and one.value.scale == "log"
        for one in known.base.hyperparameters
    )
