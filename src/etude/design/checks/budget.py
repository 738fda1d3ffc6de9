"""What the trials of a study pay for, and whether the studies compared were given the same."""

from __future__ import annotations

from collections.abc import Sequence

from ...experiment.methods import SEARCHES
from ...finding import Finding
from ...playbook.catalogue import Entry, known
from ...study import Study
from ...wording import conjunction, join, plural
from ..catalogued import optimizer_of

# Those whose number of trials Q11 states.
_OF_THE_PLAYBOOK = ("learning_rate", "beta1", "epsilon")
_ADAMS = ("adam", "adamw", "nadam")
# So many studies are written out in a message; the evidence has them all.
_MAX_NAMED = 6
# Heuristic: of 100 trials, a random search gives two values 44 and 56 about as often as not.
SPREAD = 0.8


def findings(studies: Sequence[Study]) -> list[Finding]:
    """Adam's hyperparameters beyond the budget, and studies whose budgets do not match.

    Source: Q11, R13, R15.
    """
    beyond = [finding for study in studies for finding in _adam(study)]
    return [*beyond, *_unequal_trials(studies), *_unequal_dimensions(studies)]


def _adam(study: Study) -> list[Finding]:
    beyond = [
        (name, entry)
        for name in study.space.domains
        if (entry := known(name, study.names))
        and _is_adams(entry, study)
        and study.max_trials < entry.tuned_from
    ]
    if not beyond:
        return []
    listed = conjunction([f"`{name}`{_from(entry, study)}" for name, entry in beyond])
    names = conjunction([f"`{name}`" for name, _ in beyond])
    trials = plural(study.max_trials, "trial")
    return [
        Finding(
            rule="Q11",
            check="budget",
            status="notice",
            subject={"study": study.name},
            headline=f"{trials} of `{study.name}` are few to tune {names} too",
            message=(
                f"Of Adam's the playbook tunes {_affordable(study)} with {trials}. The search of "
                f"`{study.name}` also frees {listed}."
            ),
            evidence={
                "trials": study.max_trials,
                "tuned_from": {name: entry.tuned_from for name, entry in beyond},
            },
            advice=f"Fix {names} for this round{_or_more([entry for _, entry in beyond])}.",
        )
    ]


def _from(entry: Entry, study: Study) -> str:
    """From how many trials on the playbook tunes it; empty where it does not say."""
    if entry.name in _OF_THE_PLAYBOOK:
        return f" (from {entry.tuned_from} trials on)"
    # Who has more than 25 asks how many are meant.
    ours = f", which we take as {entry.tuned_from}" if study.max_trials > 25 else ""
    return f" (with substantially more than 25{ours})" if entry.name == "beta2" else ""


def _or_more(beyond: Sequence[Entry]) -> str:
    """The trials that would do, where the playbook has a number: one of ours would be taken for it.

    Ours are no need either: C2 says how many trials a space usually takes.
    """
    if not all(entry.name in _OF_THE_PLAYBOOK for entry in beyond):
        return ""
    return f", or give the study {max(entry.tuned_from for entry in beyond)} trials"


def _is_adams(entry: Entry, study: Study) -> bool:
    """Whether it is Adam's: by the study's optimizer, else by the company of a beta."""
    if not set(_ADAMS) & set(entry.optimizers):
        return False
    optimizer = optimizer_of(study)
    if optimizer:
        return optimizer in _ADAMS
    names = (*study.space.domains, *study.fixed)
    others = [other.name for name in names if (other := known(name, study.names))]
    return "beta1" in others or "beta2" in others


def _affordable(study: Study) -> str:
    """What of Adam the trials are enough for, by the study's own names; what it lacks is left out.

    Nothing of its own where the search frees none of that.
    """
    enough = _OF_THE_PLAYBOOK[: 1 if study.max_trials < 10 else 2 if study.max_trials < 25 else 3]
    found = {
        entry.name: name
        for name in study.space.domains
        if (entry := known(name, study.names)) and entry.name in enough
    }
    names = [f"`{found[name]}`" for name in enough if name in found]
    return conjunction(names) if names else "the learning rate first"


def _unequal_trials(studies: Sequence[Study]) -> list[Finding]:
    counts = {study.name: study.max_trials for study in studies}
    if len(set(counts.values())) < 2 or _is_chance(studies):
        return []
    return [
        Finding(
            rule="R13",
            check="budget",
            status="problem",
            subject={},
            headline=f"Budgets differ: {min(counts.values())} to {max(counts.values())} trials",
            message=(
                f"The studies compared have unequal budgets: {_counts(counts, 'trials')}. More "
                "trials find better ones, so the best of each do not compare fairly."
            ),
            evidence={"trials": counts},
            advice="Give every study the same number of trials.",
        )
    ]


def _is_chance(studies: Sequence[Study], *, share: float = SPREAD) -> bool:
    """Whether another tool's search may have shared out its trials as unequally by chance."""
    counts = [study.max_trials for study in studies]
    imported = all(SEARCHES[study.search].trained_elsewhere for study in studies)
    return imported and min(counts) >= share * max(counts)


def _unequal_dimensions(studies: Sequence[Study]) -> list[Finding]:
    counts = {study.name: study.space.dimensions for study in studies}
    if len(set(counts.values())) < 2:
        return []
    few, many = min(counts.values()), max(counts.values())
    return [
        Finding(
            rule="R15",
            check="budget",
            status="notice",
            subject={},
            headline=f"Studies compared search {few} to {many} nuisance hyperparameters",
            message=(
                "The studies compared search unequal numbers of nuisance hyperparameters: "
                f"{_counts(counts, 'searched')}. The one with {many} is tuned less densely than "
                f"the one with {few} by the same trials."
            ),
            evidence={
                "dimensions": counts,
                "trials_per_dimension": {
                    study.name: study.max_trials / max(study.space.dimensions, 1)
                    for study in studies
                },
            },
            advice=(
                "Give all of them more trials, or narrow ranges, before you conclude that one "
                f"with {many} lost: it may want trials."
            ),
        )
    ]


def _counts(counts: dict[str, int], noun: str) -> str:
    return join([f"`{name}` {count} {noun}" for name, count in counts.items()], most=_MAX_NAMED)
