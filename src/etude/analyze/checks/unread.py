"""What the training never read: whatever its value, nothing differs.

A trial notes every hyperparameter that its code asks for. What it took with the whole setting alone
it may use or not: that stays unclear. Of an imported trial nobody knows, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from ...finding import Finding
from ...record import Record
from ...study import Study
from ...wording import conjunction, join, plural
from ..thresholds import UnreadThresholds

SHIPPED = UnreadThresholds()


@final
@dataclass(frozen=True)
class UnreadName:
    """A hyperparameter that no trial of these studies read.

    Args:
        studies: Those that have it and whose trials never read it.
        everywhere: Whether no other study has it.
        trials: The trials that ended well without reading it.
    """

    name: str
    studies: tuple[str, ...]
    everywhere: bool
    is_scientific: bool
    trials: tuple[int, ...]


@final
@dataclass(frozen=True)
class Unread:
    """What nobody read, by name, in studies whose trials noted it.

    Args:
        judged: Those studies.
        compared: The hyperparameters that studies differ in.
        taken: Those that were read with the whole setting alone, wherever they were read.
    """

    names: tuple[UnreadName, ...]
    judged: tuple[str, ...]
    compared: tuple[str, ...]
    taken: tuple[str, ...] = ()

    @property
    def scientific(self) -> tuple[str, ...]:
        """The hyperparameters that the question is about and nobody read."""
        return tuple(one.name for one in self.names if one.is_scientific)

    @property
    def nothing_compared(self) -> bool:
        """Whether nobody read any of what the studies differ in."""
        return bool(self.compared) and set(self.compared) <= set(self.scientific)

    def idle(self, finding: Finding) -> bool:
        """Whether it speaks of a hyperparameter that nothing read: there is nothing to find."""
        if not self.names:
            return False
        name, study = finding.subject.get("hyperparameter"), finding.subject.get("study")
        same = [one for one in self.names if one.name == name]
        return any(one.everywhere or study in one.studies for one in same)

    def of(self, study: str) -> frozenset[str]:
        """What the trials of a study never read."""
        return frozenset(one.name for one in self.names if study in one.studies)


def unread(
    studies: Sequence[Study],
    records: Sequence[Record],
    thresholds: UnreadThresholds = SHIPPED,
) -> Unread:
    """The hyperparameters that no trial read, as far as trials noted it.

    One is unread in a study where trials were trained to their end without asking for it, and no
    trial that tells, however it ended, asked. A scientific one is, where all studies say so.

    Source: W8.
    """
    own = {study.name: [one for one in records if one.study == study.name] for study in studies}
    left = {name: _left(trials, thresholds) for name, trials in own.items()}
    compared = tuple(dict.fromkeys(name for one in studies for name in _scientific(one)))
    names = []
    for name, having in sorted(_by_name(studies).items()):
        without = tuple(study for study in having if name in (left[study] or ()))
        everywhere = len(without) == len(having)
        if without and (everywhere or name not in compared):
            trials = tuple(one.id for study in without for one in own[study] if _whole(one))
            names.append(UnreadName(name, without, everywhere, name in compared, trials))
    judged = tuple(name for name, those in left.items() if those is not None)
    left_out = {one.name for one in names if one.everywhere}
    taken = tuple(
        name
        for name, having in sorted(_by_name(studies).items())
        if name not in left_out
        and _is_taken(name, [one for one in records if one.study in having])
        and judged
    )
    return Unread(tuple(names), judged, compared, taken)


def _is_taken(name: str, records: Sequence[Record]) -> bool:
    """Whether some trial took it with its whole setting, and none read it by itself."""
    telling = [one for one in records if one.unread is not None]
    return any(name in one.taken for one in telling) and all(
        name in one.taken or name in (one.unread or ()) for one in telling
    )


def _by_name(studies: Sequence[Study]) -> dict[str, list[str]]:
    """Every hyperparameter with the studies that have it."""
    having: dict[str, list[str]] = {}
    for study in studies:
        for name in (*study.scientific, *study.space.domains, *study.fixed):
            having.setdefault(name, []).append(study.name)
    return having


def _scientific(study: Study) -> Iterator[str]:
    yield from study.scientific
    yield from study.merged


def _left(trials: Sequence[Record], thresholds: UnreadThresholds) -> set[str] | None:
    """What no trial of a study read; None where too few tell."""
    telling = [set(one.unread) for one in trials if one.unread is not None]
    whole = sum(map(_whole, trials))
    is_over = all(one.ended for one in trials)
    if not whole or not (is_over or whole >= thresholds.min_trials):
        return None
    return set.intersection(*telling)


def _whole(trial: Record) -> bool:
    """Whether it was trained to its end, and noted what it read from the start."""
    return trial.status == "completed" and trial.unread is not None


def findings(result: Unread) -> list[Finding]:
    """A problem where the question is about it, a notice elsewhere; `ok` where all was read.

    What was taken with all others is left open: it keeps no verdict from being given.

    Source: W8.
    """
    spoken = [finding for one in result.names for finding in _findings(one)]
    if result.taken:
        spoken.append(_open(result))
    if spoken or not result.judged:
        return spoken
    return [
        Finding(
            rule="W8",
            check="unread",
            status="ok",
            subject={},
            headline="The training read every hyperparameter",
            message="The training read every hyperparameter by its name.",
            evidence={"studies": list(result.judged)},
        )
    ]


def _open(result: Unread) -> Finding:
    names = [f"`{name}`" for name in result.taken]
    some = "one of them" if len(names) > 1 else "it"
    return Finding(
        rule="W8",
        check="unread",
        status="unclear",
        subject={},
        headline=f"Whether the training uses {join(names, most=3)} is not known",
        message="The training takes all settings at once, or starts other processes with them, "
        "so which it uses is not known.",
        evidence={"taken": list(result.taken), "studies": list(result.judged)},
        advice=f'Read each by its name, `trial["{result.taken[0]}"]`, or compare two trials that '
        f"differ in {some} alone: what is not used leaves their curves equal to the last bit.",
        kind="taken",
    )


def _findings(one: UnreadName) -> Iterator[Finding]:
    subjects: list[Mapping[str, str]] = [{"study": study} for study in one.studies]
    for subject in [{}] if one.everywhere else subjects:
        where = f" in `{subject['study']}`" if subject else ""
        claim = f"Nothing read `{one.name}`{where}"
        yield Finding(
            rule="W8",
            check="unread",
            status="problem" if one.is_scientific else "notice",
            subject={"hyperparameter": one.name, **subject},
            headline=f"{claim}, so its values were not compared" if one.is_scientific else claim,
            message=f"{claim} in {plural(len(one.trials), 'completed trial')}. Whatever its value, "
            "training is the same."
            if not where
            else f"{claim}. Whatever its value, training is the same there.",
            evidence={"trials": list(one.trials), "studies": list(one.studies)},
            advice=_advice(one),
            kind="scientific" if one.is_scientific else "",
        )


def _advice(one: UnreadName) -> str:
    if not one.everywhere:
        names = conjunction([f"`{study}`" for study in one.studies])
        return f"Read `{one.name}` there too, or give it only to studies other than {names}."
    return f'Read it in the training code, `trial["{one.name}"]`, or take it out of the file.'
