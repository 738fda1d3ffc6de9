"""Rounds that add many hyperparameters at once, where the playbook adds them step by step."""

from __future__ import annotations

from collections.abc import Sequence

from ...experiment import Experiment
from ...experiment.methods import SEARCHES
from ...finding import Finding
from ...playbook.catalogue import known
from ...study import Study
from ...wording import conjunction
from ..studies import studies as designed

# Heuristic: the remedy for overfitting frees three at once, and so does Adam beyond its rate (Q11);
# from four on, no single one of them can have been the reason.
MANY = 4
# Heuristic: the widest space that the playbook's sources begin with has five (W3).
MANY_TO_BEGIN_WITH = 8


def findings(
    experiment: Experiment, studies: Sequence[Study], parent: Experiment | None
) -> list[Finding]:
    """A space that is wider than the parent's by many hyperparameters, or a first one of many.

    A comparison counts what its widest study searches, beside what is compared. A name that goes by
    another spelling is not new. Silent where the parent is named and not known.

    Source: R16, S2.
    """
    if SEARCHES[experiment.search].trained_elsewhere:
        return []
    searched = [_searched(study) for study in studies]
    widest = max(searched, key=len, default=())
    if parent is None:
        return [] if experiment.parent else _first_round(widest)
    before = [_searched(study) for study in designed(parent)]
    known_before = {one for names in before for name in names for one in _spellings(name, parent)}
    new = max(
        (
            [one for one in names if not known_before & _spellings(one, experiment)]
            for names in searched
        ),
        key=len,
        default=[],
    )
    widest_before = max(map(len, before), default=0)
    if len(new) < MANY or len(widest) <= widest_before:
        return []
    return [_finding(new, parent.name, before=widest_before, now=len(widest))]


def _searched(study: Study) -> tuple[str, ...]:
    """What varies in a study or is compared with others."""
    return tuple(sorted({*study.scientific, *study.space.domains}))


def _spellings(name: str, experiment: Experiment) -> set[str]:
    """The name itself, and what it is taken for."""
    entry = known(name, experiment.names)
    return {name, entry.name} if entry else {name}


def _first_round(searched: Sequence[str]) -> list[Finding]:
    if len(searched) < MANY_TO_BEGIN_WITH:
        return []
    return [
        Finding(
            rule="R16",
            check="widening",
            status="notice",
            subject={},
            headline=f"A first round searches {len(searched)} hyperparameters at once",
            message=(
                f"This first round searches {len(searched)} hyperparameters at once. Begin with "
                "few, such as the learning rate, and add others in rounds that show what they "
                "bring."
            ),
            evidence={"searched": list(searched)},
            advice="Fix most of them for this round, and free some in the next.",
        )
    ]


def _finding(new: Sequence[str], parent: str, *, before: int, now: int) -> Finding:
    return Finding(
        rule="R16",
        check="widening",
        status="notice",
        subject={},
        headline=f"{len(new)} hyperparameters more are searched than in `{parent}`",
        message=(
            f"This round searches {conjunction([f'`{name}`' for name in new])}, which `{parent}` "
            f"did not: {now} hyperparameters in place of {before}. Of many that are added at once "
            "nobody sees which of them brought what."
        ),
        evidence={"parent": parent, "new": list(new), "before": before, "now": now},
        advice="Add one or two of them now, and the others in later rounds.",
    )
