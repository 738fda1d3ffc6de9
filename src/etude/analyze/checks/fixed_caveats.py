"""What was held fixed: every conclusion holds only there, but for what the training never read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ...finding import Finding
from ...record import Record
from ...space import Scalar, value_text
from ...study import Study
from ...text.secret_values import shown_value
from ...wording import join
from .unread import unread


@final
@dataclass(frozen=True)
class Caveat:
    """A hyperparameter held at one value, in the studies named."""

    hyperparameter: str
    value: Scalar
    studies: tuple[str, ...]

    @property
    def shown(self) -> Scalar:
        """The value as people may read it: a password is masked."""
        return shown_value(self.hyperparameter, self.value)


@final
@dataclass(frozen=True)
class FixedCaveats:
    """Every fixed hyperparameter and value once, by name; `studies` are all there are."""

    caveats: tuple[Caveat, ...]
    studies: tuple[str, ...]


def fixed_caveats(studies: Sequence[Study], records: Sequence[Record] = ()) -> FixedCaveats:
    """Every fixed hyperparameter with its value and the studies that hold it.

    What no trial of a study read holds for every value of it.

    Source: R5, W8.
    """
    left = unread(studies, records)
    studies_by_value: dict[tuple[str, str], list[str]] = {}
    value_by_key: dict[tuple[str, str], Scalar] = {}
    for study in studies:
        for name, value in study.fixed.items():
            if name in left.of(study.name):
                continue
            key = (name, value_text(value))
            studies_by_value.setdefault(key, []).append(study.name)
            value_by_key[key] = value
    caveats = tuple(
        Caveat(key[0], value_by_key[key], tuple(studies_by_value[key]))
        for key in sorted(studies_by_value)
    )
    return FixedCaveats(caveats, tuple(study.name for study in studies))


def findings(result: FixedCaveats) -> list[Finding]:
    """One finding a hyperparameter and value.

    Source: R5.
    """
    return [_finding(caveat, result) for caveat in result.caveats]


def _finding(caveat: Caveat, result: FixedCaveats) -> Finding:
    studies = result.studies
    everywhere = caveat.studies == studies
    where = "" if everywhere else f" in {', '.join(f'`{study}`' for study in caveat.studies)}"
    subject = {"hyperparameter": caveat.hyperparameter}
    if not everywhere and len(caveat.studies) == 1:
        subject["study"] = caveat.studies[0]
    return Finding(
        rule="R5",
        check="fixed_caveats",
        status="notice",
        subject=subject,
        headline=_headline(result),
        message=(
            f"`{caveat.hyperparameter}` was held at {value_text(caveat.shown)}{where}: "
            "every conclusion holds only there."
        ),
        evidence={"value": caveat.shown, "studies": list(caveat.studies)},
        kind="fixed",
    )


def _headline(result: FixedCaveats) -> str:
    """One line for all that is fixed: people read them together."""
    names = list(dict.fromkeys(caveat.hyperparameter for caveat in result.caveats))
    return f"Conclusions hold only where fixed: {join([f'`{name}`' for name in names])}"
