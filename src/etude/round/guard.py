"""Guard: it stops a run that cannot succeed."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import final

from ..errors import EtudeError, RunError, StoreError, TrainError
from ..event import Ended, Event, Lost, Refused, Reopened, Unrestored
from ..experiment import Experiment
from ..playbook.error_kinds import error_site
from ..record import Record, Records
from ..runner.attempt import returns_no_number
from ..runner.user_errors import misuse
from ..store.base import Store
from ..store.memory import Memory
from ..store.tracked import untracked
from ..text.secret_values import shown_value
from ..wording import join

# Heuristic: one failure may be its setting's, the same one three times is the code's.
SAME_FAILURES = 3
_MISSING = re.compile(r"^ModuleNotFoundError: No module named '(.+?)'", re.MULTILINE)
_EXIT = re.compile(r"^SystemExit\b(?:: (.*))?$", re.MULTILINE)
_SYNTAX = re.compile(r"^(?:Syntax|Indentation|Tab)Error\b", re.MULTILINE)
_LINE = re.compile(r'^  File ".*", line (\d+)', re.MULTILINE)
_AGAIN = "type the same command again"


@final
class Guard:
    """Stops a run that cannot succeed: before the hours are spent, with the user's own words."""

    def __init__(self, experiment: Experiment, store: Store, *, trials: int) -> None:
        """Watches for the same failure only while no trial has ended yet, of so many to come."""
        self._name = experiment.name
        self._store = store
        records = store.records(experiment.name)
        self._sites: list[str] | None = _first_sites(records)
        self._enough = min(SAME_FAILURES, max(trials, records.count()))
        self._lost = 0
        self._unrestored: dict[int, Unrestored] = {}

    def see(self, events: Sequence[Event]) -> None:
        """Looks at events that are committed already."""
        for event in events:
            if isinstance(event, Refused):
                raise refusal(event)
            if isinstance(event, Lost):
                self._lost += event.is_blamed
            if isinstance(event, Unrestored) and event.detail:
                self._unrestored[event.trial_id] = event
            if isinstance(event, Ended):
                self._refuse_misuse(event)
            if isinstance(event, Ended) and self._sites is not None:
                self._sites.append(event.error_site)
        causes = [event.cause for event in events if isinstance(event, Ended) and event.cause]
        self._judge_ends(causes[-1] if causes else None)
        if self._sites == [] and self._lost >= SAME_FAILURES * SAME_FAILURES:
            self._reopen(lambda record: record.reason == "killed")
            last = next(event for event in reversed(events) if isinstance(event, Lost))
            raise RunError(
                f"Workers died {self._lost} times and no trial ended; the last time: "
                f"{last.detail}. Its output is in "
                f"`{self._store.files.log(self._name, last.trial_id)}`."
            )

    def finish(self) -> None:
        """Says at the end which trials wait, for their checkpoints are whole and were not loaded.

        Raises:
            TrainError: with the traceback of the first of them.
        """
        if not self._unrestored:
            return
        first = next(iter(self._unrestored.values()))
        place = self._store.files.checkpoints(self._name, first.trial_id) / str(first.step)
        raise TrainError(
            _unrestored_message(sorted(self._unrestored), place, self._again),
            user_traceback=first.detail,
            trial_ids=tuple(sorted(self._unrestored)),
        )

    def _refuse_misuse(self, event: Ended) -> None:
        """Stops at the first call to a trial that cannot be: it is no matter of its setting."""
        if self._sites is not None and returns_no_number(event.detail):
            self._reopen(lambda record: returns_no_number(record.detail))
            raise misused(event.detail, event.trial_id, again=self._again) from event.cause
        if event.error_site and misuse(event.detail):
            self._reopen(lambda record: record.reason == "error" and bool(misuse(record.detail)))
            raise misused(event.detail, event.trial_id, again=self._again) from event.cause

    @property
    def _again(self) -> str:
        return "run it again" if isinstance(untracked(self._store), Memory) else _AGAIN

    def _judge_ends(self, cause: BaseException | None) -> None:
        if self._sites is None or len(self._sites) < max(self._enough, 1):
            return
        first, self._sites = self._sites[:SAME_FAILURES], None
        if first[0] == "" or len(set(first)) > 1:
            return
        reopened = self._reopen(lambda record: _site_of(record) == first[0])
        raise TrainError(
            _same_failure_message(reopened, first[0], self._again),
            user_traceback=reopened[0].detail,
            trial_ids=tuple(record.id for record in reopened),
        ) from cause

    def _reopen(self, is_chosen: Callable[[Record], bool]) -> list[Record]:
        records = [
            record
            for record in self._store.records(self._name)
            if record.ended and is_chosen(record)
        ]
        self._store.append(self._name, [Reopened(record.id) for record in records])
        return records


def _first_sites(records: Records) -> list[str] | None:
    """Where the few trials that ended before this run raised; None where that decides nothing."""
    sites = [_site_of(record) for record in records if record.ended]
    if len(sites) > SAME_FAILURES or (sites and (sites[0] == "" or len(set(sites)) > 1)):
        return None
    return sites[: SAME_FAILURES - 1]  # the next trial to end decides


def _site_of(record: Record) -> str:
    return error_site(record.detail) if record.reason == "error" else ""


def refusal(event: Refused) -> EtudeError:
    """The error that a refused trial means for the whole run."""
    if event.kind == "import":
        return TrainError(_import_message(event.detail), user_traceback=event.detail)
    if event.kind == "disk":
        return StoreError(
            f"A trial could not write its files ({event.detail}). "
            "Free some space and type the same command again: what was finished is kept."
        )
    return RunError(event.detail)


def _import_message(text: str) -> str:
    """What a module that fails to import means, and the way out where it is known."""
    fails = "The train function's module fails to import"
    if missing := _MISSING.search(text):
        return (
            f"{fails}: Python finds no `{missing[1]}`. Install it where `{Path(sys.executable)}` "
            "runs, or put the folder that holds it on the path, as `PYTHONPATH=.` does."
        )
    if "ImportError: attempted relative import" in text:
        return (
            f"{fails}: its relative imports leave its package. Put the experiment file in the "
            "folder that holds the package."
        )
    if left := _EXIT.search(text):
        return f"{fails}: {_exit_message(text, left)}"
    if _SYNTAX.search(text):
        return f"{fails}: Python cannot read it."
    return f"{fails}, or its workload cannot be made."


def _exit_message(text: str, left: re.Match[str]) -> str:
    """What ended the program at import: a parser, which exits with 2, or a line of its own."""
    main = 'below `if __name__ == "__main__":`'
    if left[1] == "2":
        return (
            "it ends the program, as a parser does that reads the command line, which is empty "
            f"here. Parse {main}, or with `parse_args([])`."
        )
    place = _LINE.search(text)  # the first: the line of the module, not of what it calls
    line = f"line {place[1]}" if place else "a line"
    return f"{line} ends the program at import. Put it {main}."


def misused(detail: str, *trial_ids: int, again: str = _AGAIN) -> TrainError:
    """The error that a call to a trial means which cannot be; no trials where one was tried."""
    why = misuse(detail) or detail.removeprefix("TypeError: ")
    shown = detail if misuse(detail) and "\n" in detail else ""  # else it has no line of theirs
    return TrainError(
        f"{why}\n"
        f"Every trial would meet this, so the run stops. Mend the training code and {again}.",
        user_traceback=shown,
        trial_ids=trial_ids,
    )


def _unrestored_message(trial_ids: Sequence[int], place: Path, again: str) -> str:
    few = join([str(trial_id) for trial_id in trial_ids], most=3)
    who = f"Trial {few} waits" if len(trial_ids) == 1 else f"Trials {few} wait"
    return (
        f"{who}: the training code raised while it went on from a checkpoint, which is as it was "
        f"written (`{place}`). Nothing is lost: mend the code and {again}.\n"
        "Without that folder the trial goes on from the checkpoint before, or from step 0."
    )


def _same_failure_message(records: Sequence[Record], site: str, again: str) -> str:
    settings = "\n".join(
        f"  trial {record.id}: "
        + ", ".join(
            f"{name} = {shown_value(name, value)}" for name, value in record.setting.items()
        )
        for record in records
    )
    who = f"{len(records)} trials to end all" if len(records) > 1 else "trial to end"
    return (
        f"The first {who} failed in the same way "
        f"({site}), so the run stops; what failed so is pending again.\n{settings}\n"
        f"Mend the training code and {again}."
    )
