"""What a train function returned: a last report, or nothing that counts."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any

from ..trial import Trial

_NO_NUMBER = "The train function returned"
# How a trial's detail begins that ended so.
NO_NUMBER = f"TypeError: {_NO_NUMBER}"


def returned(trial: Trial, value: object) -> tuple[float | None, str]:
    """The number to report at the last step, if any, and what to say of what was returned.

    A number counts where the metric was not reported at the last step; the status of a program, 0
    or 1 below reports that are no whole numbers, does not. All else is told, and ignored.

    Raises:
        TypeError: for what is no number, where nothing was reported in the whole of a trial; for
            the status 0 where a whole trial is only tried: a later one may count to 0.
    """
    number = _number(value)
    if number is None:
        return None, _no_number(trial, value)
    if trial.last_report is None:
        if trial.is_rehearsal and trial.is_whole and type(value) is int and value == 0:
            raise TypeError(
                f"{_NO_NUMBER} 0, as the status of a program, and reported nothing. Report "
                f"`{trial.metric}`, or return it as a float."
            )
        return number, _status_taken(trial, value)
    step, reported = trial.last_report
    if step == trial.final_step:
        last = float(reported)
        is_same = number == last or (math.isnan(number) and math.isnan(last))
        return None, "" if is_same else _number_ignored(trial, value)
    if _is_status(value) and not float(reported).is_integer():
        return None, _number_ignored(trial, value)
    return number, ""


def _number(value: object) -> float | None:
    """The number, of whatever library; a truth value and a text are none."""
    dtype = str(getattr(value, "dtype", ""))
    if isinstance(value, bool | str | bytes) or dtype in ("bool", "torch.bool"):
        return None
    try:
        return float(value)  # type: ignore[arg-type]  # numbers of any library, or an error
    except (TypeError, ValueError, OverflowError):
        return None


def _is_status(value: object) -> bool:
    return type(value) is int and value in (0, 1)


def _no_number(trial: Trial, value: object) -> str:
    if not trial.reported and not trial.is_whole:
        return (
            f"The train function returns {_kind(value)}, which is ignored only beside reports; in "
            f"the steps that were tried it reported nothing. Report `{trial.metric}`, or return it."
        )
    if trial.reported:
        return (
            f"The train function returns {_kind(value)}, which is ignored: return nothing, or the "
            f"final value of `{trial.metric}`."
        )
    raise TypeError(f"{_NO_NUMBER} {_kind(value)}. {_way_out(trial, value)}")


def _way_out(trial: Trial, value: object) -> str:
    """What to do where something was returned in place of reports that is no number."""
    if inspect.isgenerator(value):
        return "It has a `yield`, so that a call runs none of it: leave `yield` out."
    if inspect.iscoroutine(value):
        value.close()  # or Python warns that nobody awaited it
        return "It is `async`, so that a call runs none of it: await it by `asyncio.run` inside."
    if inspect.isasyncgen(value):
        return "It is `async`, so that a call runs none of it: write a plain function."
    if isinstance(value, Trial):
        return 'That is its argument: read `trial["learning_rate"]`, and return the metric.'
    if callable(value):
        return "That can be called in turn: let `train` in [experiment] name such a thing itself."
    if isinstance(value, Mapping) and trial.metric in value:
        return f"`{trial.metric}` is in it: report it, or return the number."
    return "Return nothing, or the final value of the metric."


def _number_ignored(trial: Trial, value: Any) -> str:
    return (
        f"The train function returns {value}, which is ignored, for it has reported "
        f"`{trial.metric}`: what was reported counts."
    )


def _status_taken(trial: Trial, value: Any) -> str:
    if not _is_status(value):
        return ""
    return (
        f"The train function returns {value}, which counts as `{trial.metric}` where that is not "
        "reported at the last step. Return nothing if it is the status of a program."
    )


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
