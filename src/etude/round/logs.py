"""The last lines that trials printed, for a page that is asked for them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path

from ..experiment import Experiment
from ..record import Record
from ..store.checkpoints import Files
from ..text.masking import MASK, masked_message
from ..text.signs import readable

# Heuristic: an error stands in the last lines, and a page stays below a few megabytes.
MAX_LINES, MAX_CHARACTERS, MAX_TRIALS = 20, 4_000, 500
# A private key is longer than what is shown: what is read before it tells that there is one.
MAX_BYTES = 65_536
# A secret's name may stand in a line before it, so more is masked than is shown.
_MASKED_LINES, _MASKED_CHARACTERS = 2 * MAX_LINES, 2 * MAX_CHARACTERS
_KEY_END = r"-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----"
_KEY = re.compile(rf"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:{_KEY_END}|\Z)")
# The beginning of such a key was not read: all before its end may be of it.
_REST_OF_KEY = re.compile(rf"(?s)\A.*{_KEY_END}")


def last_lines(
    files: Files, records: Iterable[Record], experiment: Experiment
) -> tuple[dict[int, str], int]:
    """The last lines of what trials printed, without what looks like a secret.

    Of a long experiment only so many trials, infeasible ones first, then the best.

    Returns:
        The texts by trial id, none for a trial that printed nothing or whose log was removed; and
        how many trials with a log are left out.
    """
    lines: dict[int, str] = {}
    left_out = 0
    for record in sorted(records, key=lambda record: _order(record, experiment)):
        path = files.log(experiment.name, record.id)
        if len(lines) < MAX_TRIALS:
            text = _end(path)
            lines |= {record.id: text} if text else {}
        else:
            left_out += path.is_file() and path.stat().st_size > 0
    return lines, left_out


def _order(record: Record, experiment: Experiment) -> tuple[bool, float, int]:
    best = record.best(experiment.metric, maximize=experiment.maximize)
    loss = math.inf if best is None else experiment.objective.loss(best.value)
    return record.status != "infeasible", loss, record.id


def _end(path: Path) -> str:
    """The masked end of a log, whole lines of it; empty without one."""
    try:
        with path.open("rb") as log:
            begin = max(0, path.stat().st_size - MAX_BYTES)
            log.seek(begin)
            end = log.read(MAX_BYTES).decode("utf-8", errors="replace")
    except OSError:  # it printed nothing, or its log was removed
        return ""
    # Of a line that is cut at its head nothing is shown: it may be the end of a secret.
    text = "\n".join(end.splitlines()[1 if begin else 0 :])
    text = _REST_OF_KEY.sub(MASK, _KEY.sub(MASK, text))
    # To mask all that was read would take minutes for some hundred trials.
    text = masked_message(_tail(text, _MASKED_LINES, _MASKED_CHARACTERS))
    return readable(_tail(text, MAX_LINES, MAX_CHARACTERS))


def _tail(text: str, lines: int, characters: int) -> str:
    """The last lines that are whole within so many characters."""
    text = "\n".join(text.split("\n")[-lines:])
    return text if len(text) <= characters else text[-characters:].partition("\n")[2]
