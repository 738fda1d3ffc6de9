"""The last lines that trials printed, for a page that is asked for them."""

from __future__ import annotations

from collections.abc import Iterable

from ..record import Record
from ..store.checkpoints import Files
from ..text.masking import masked_message
from ..text.signs import readable

# Heuristic: an error stands in the last lines, and a page stays below a few megabytes.
MAX_LINES, MAX_BYTES, MAX_TRIALS = 20, 4_000, 500


def last_lines(files: Files, records: Iterable[Record], name: str) -> dict[int, str]:
    """The last lines of what each trial printed, by id, without what looks like a secret.

    Of the first trials of a long experiment only; empty for one that printed nothing.
    """
    lines = {}
    for record in list(records)[:MAX_TRIALS]:
        path = files.log(name, record.id)
        try:
            with path.open("rb") as log:
                begin = max(0, path.stat().st_size - MAX_BYTES)
                log.seek(begin)
                end = log.read().decode("utf-8", errors="replace")
        except OSError:  # it printed nothing, or its log was removed
            continue
        # Of a line that is cut at its head nothing is shown: it may be the end of a secret.
        whole = end.splitlines()[1 if begin else 0 :]
        text = "\n".join(whole[-MAX_LINES:])
        lines[record.id] = readable(masked_message(text))
    return lines
