"""What [track] may say: which trackers follow the store, and with which plain options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import Mistake
from ...space import is_scalar
from ...wording import did_you_mean
from .fields import mistake_at

# The trackers that there are; a test of `etude.trackers` holds its own to them.
TRACKERS = ("wandb", "mlflow", "tensorboard")


def tracker_mistakes(given: Mapping[str, Any]) -> list[Mistake]:
    """One mistake for each tracker that is not known, and for each option that is not plain."""
    track = given.get("track", {})
    if not isinstance(track, Mapping):
        way_out = 'Write `wandb = { project = "digits" }` below [track].'
        return [mistake_at(("track",), f"needs a table, found {track!r}. {way_out}")]
    return [mistake for name, options in track.items() for mistake in _of_tracker(name, options)]


def _of_tracker(name: object, options: object) -> Iterator[Mistake]:
    if name not in TRACKERS:
        near = did_you_mean(str(name), TRACKERS)
        yield mistake_at(("track", name), f"names no tracker, found `{name}`. {near}")
    elif not isinstance(options, Mapping):
        way_out = f"Write `{name} = {{}}` for one without any."
        yield mistake_at(("track", name), f"needs a table of options, found {options!r}. {way_out}")
    else:
        for key, value in options.items():
            if not isinstance(key, str) or not is_scalar(value):
                message = (
                    f"takes a text, a finite number, true or false, found {value!r}. Write one of "
                    "them, or leave it out."
                )
                yield mistake_at(("track", name, key), message)
