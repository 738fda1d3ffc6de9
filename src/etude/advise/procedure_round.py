"""Rounds of a procedure: which of a store's experiments are, by the notes that it gives them."""

from __future__ import annotations

import re

from ..experiment import Experiment

_NOTES = re.compile(r"A round of `etude ([a-z-]+)`: ")


def round_notes(procedure: str, because: str) -> str:
    """The notes of a round that a procedure plays, by which it is known again.

    >>> round_notes("stability", "a steady fall, then a jump?")
    'A round of `etude stability`: a steady fall, then a jump?'

    Source: K3.
    """
    stop = "" if because.endswith(("?", ".")) else "."
    return f"A round of `etude {procedure}`: {because}{stop}"


def procedure_of(experiment: Experiment) -> str:
    """The procedure whose round this is; empty for an experiment of a person's own.

    Such a round asks a part of a question: only the procedure answers it, by all of its rounds.

    Source: K3, R1.
    """
    hit = _NOTES.match(experiment.notes)
    return hit.group(1) if hit else ""
