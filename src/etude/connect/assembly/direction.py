"""Whether the direction in which trials are judged is the one that the metric's name says."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence

from ...playbook.metrics import is_loss, more_is_better
from ...playbook.words import words
from ..base import SourceStudy

# Of these less is better, beside the losses.
_ERRORS = frozenset(("error", "err"))
# A metric with such a word is turned round: scikit-learn makes `neg_log_loss` large.
_TURNED = frozenset(("neg", "negative", "negated", "minus", "inverse", "inverted"))


def direction_notes(
    studies: Sequence[SourceStudy], metric: str, text: str, *, maximize: bool
) -> Iterator[str]:
    """A sentence where the metric's name contradicts a direction that nobody stated.

    Nothing is refused: a name is a guess, and what a source or a written space states is none.

    Args:
        studies: Those that have trials.
        metric: Its name here.
        text: That of the experiment file.
        maximize: Whether the person typed `--maximize`.
    """
    is_stated = any(study.maximize is not None for study in studies)
    is_written = "maximize" in tomllib.loads(text)["experiment"]
    said = {word for segment in words(metric) for word in segment}
    if is_stated or said & _TURNED:
        return
    if maximize and (is_loss(metric) or said & _ERRORS):
        yield f"`{metric}` is judged as higher is better: leave `--maximize` out if lower is."
    elif not maximize and not is_written and more_is_better(metric):
        yield f"`{metric}` is judged as lower is better: add `--maximize` if higher is."
