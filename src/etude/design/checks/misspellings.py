"""Names that are nearly known: a slip of the pen hides a hyperparameter from every rule."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher, get_close_matches

from ...experiment import Experiment
from ...finding import Finding
from ...playbook.catalogue import known, known_names
from ...study import Study
from ..catalogued import hyperparameters, path_of, subject_of


def findings(experiment: Experiment, studies: Sequence[Study]) -> list[Finding]:
    """Hyperparameters that are not known, but very near a known name.

    Source: R4.
    """
    slips = []
    for hyperparameter in hyperparameters(experiment):
        name = hyperparameter.name
        near = "" if name in experiment.names or known(name) else nearest_name(name)
        if near:
            finding = Finding(
                rule="R4",
                check="names",
                status="notice",
                subject=subject_of(hyperparameter, studies),
                headline=f"`{name}` is no known name, but near `{near}`",
                message=(
                    f"`{name}` is no name that Etude knows, but near `{near}`. What is known of "
                    "that one is not applied to it."
                ),
                evidence={"path": path_of(hyperparameter, experiment), "near": near},
                advice=(
                    f'If `{near}` is meant, write `{name} = "{near}"` in [names], or rename it '
                    "here and in the training code."
                ),
            )
            slips.append(finding)
    return slips


def nearest_name(name: str, *, likeness: float = 0.85, letters: int = 6) -> str:
    """The known name of which this is probably a slip; empty where it is a name of its own.

    Args:
        name: A hyperparameter's name.
        likeness: From here on difflib's ratio counts as near. Heuristic: one letter left out,
            added, changed or swapped in a name of seven letters or more.
        letters: Shorter names are near too many others.

    Source: R4.

    >>> nearest_name("learning_rte"), nearest_name("unit_scale")
    ('learning_rate', '')
    >>> nearest_name("dropout_2")
    ''
    """
    if len(name) < letters or known(name.rstrip("0123456789_")):
        return ""
    plain = name.casefold()
    close = get_close_matches(plain, known_names(), n=3, cutoff=likeness)
    return next((near for near in close if near[0] == plain[0] and _is_one_slip(plain, near)), "")


def _is_one_slip(left: str, right: str) -> bool:
    """Whether one letter is left out, added, changed or swapped; a digit is no slip."""
    opcodes = SequenceMatcher(None, left, right).get_opcodes()
    differing = "".join(left[a:b] + right[c:d] for tag, a, b, c, d in opcodes if tag != "equal")
    return len(differing) <= 2 and differing.isalpha()
