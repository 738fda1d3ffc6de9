"""W&B: one run a trial, grouped by study, online or as files that `wandb sync` uploads.

The server knows up to which step it has a run: whoever resumes one asks it, and goes on from there.
Files of a run that was not finished are written anew, since the store has all of it. A run that
the training opened itself gets its points when the trial is over: two cannot write at once.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, final

import wandb
from wandb.errors import AuthenticationError, UsageError

from ..disk.rights import make_folder
from ..errors import RunError
from ..experiment.tracked_run import wandb_arguments
from .base import COLUMNS, News, Row, Sent, StudyNews, reason

# Whoever waits longer for a server tries again later.
_INIT_S = 30.0
# The step of a point, where the steps of the run are those of the training's own calls.
_STEP = "etude/step"
_SHOWN = ("status", "reason", "detail", "best_step")
_NO_KEY = re.compile(r"(no )?api[ _]key\b", re.IGNORECASE)


_SETTINGS = {
    "console": "off",
    "silent": True,
    "symlink": False,
    "disable_git": True,
    "disable_job_creation": True,
    "save_code": False,
    "x_disable_stats": True,  # of this process, which trains nothing
    "x_disable_meta": True,
    "x_disable_machine_info": True,
    "init_timeout": _INIT_S,
}


@final
@dataclass
class _Open:
    """A run that is written.

    Args:
        mark: The folder of its files.
        rows: How many of the trial's rows it has.
        first_step: Steps before it are on the server already.
        last_step: The last one that was logged.
        counts_calls: Whether its own steps are those of other calls, the training's.
    """

    run: Any
    mark: str
    first_step: int
    counts_calls: bool
    rows: int = 0
    last_step: int = -1


@final
class Wandb:
    """Runs in W&B; what is written offline stands in a folder beside the store."""

    def __init__(self, store: Path) -> None:
        """Opens no run yet."""
        self._folder = store.with_name(f"{store.name}.wandb")
        self._runs: dict[int, _Open] = {}

    def write(self, news: News) -> Sent:
        """Logs the points up to the last step that is whole, and all of them at the end."""
        if news.is_opened and not news.is_over:
            return Sent(news.sent, news.mark)
        if news.is_void or news.is_unsure:
            self._close(news.run.trial)
        opened = self._runs.get(news.run.trial) or self._open(news, is_anew=news.is_void)
        rows = list(news.rows())
        end = len(rows) if news.is_over else _whole_steps(rows)
        if not _log(opened, rows[:end]) and news.is_over:
            # A point of an earlier step came when it could not be logged: all in order, anew.
            self._close(news.run.trial)
            opened = self._open(news, is_anew=True)
            _log(opened, sorted(rows, key=lambda row: row[0]))
        if news.is_over:
            _summarize(opened.run, news)
            self._close(news.run.trial, exit_code=int(news.record.status == "infeasible"))
        return Sent(opened.rows, opened.mark)

    def summarize(self, study: StudyNews) -> None:
        """Logs the findings as a table, in a run of the study's group."""
        name = hashlib.blake2b(study.run.study.encode(), digest_size=4).hexdigest()
        arguments = wandb_arguments(study.run)
        arguments |= {"id": f"{study.run.token}f{name}", "name": f"{study.run.group}: findings"}
        run = self._init(arguments, job_type="findings", resume=None)
        run.log({"findings": wandb.Table(columns=list(COLUMNS), data=study.table)})
        run.finish()

    def close(self) -> None:
        """Leaves what is open to W&B's own exit."""

    def _open(self, news: News, *, is_anew: bool) -> _Open:
        arguments = wandb_arguments(news.run)
        is_offline = _mode(arguments) == "offline"
        # Without `resume`, W&B writes a run of this id over: that is how points are taken back.
        resume = None if is_anew or is_offline else "allow"
        run = self._init(
            arguments,
            job_type="trial",
            resume=resume,
            config={**news.setting, "etude": {"roles": news.roles, **news.facts}},
            notes=_lineage(news),
        )
        counts_calls = news.is_opened and not is_offline
        first = run.starting_step if resume and not counts_calls else 0
        if counts_calls:
            for name in {name for _, name, _ in news.rows()}:
                run.define_metric(name, step_metric=_STEP)
        opened = _Open(run, str(Path(run.dir).parent), first, counts_calls)
        if counts_calls and not is_anew:
            opened.rows = news.sent  # steps of the training's own calls hold none of these back
        self._runs[news.run.trial] = opened
        return opened

    def _init(self, arguments: Mapping[str, Any], **more: Any) -> Any:
        """Opens a run; of one offline, whatever files were left of it before are removed."""
        make_folder(self._folder)
        if _mode(arguments) == "offline":
            for place in (self._folder / "wandb").glob(f"offline-run-*-{arguments['id']}"):
                shutil.rmtree(place)
        known = wandb.Settings.model_fields
        settings = {name: value for name, value in _SETTINGS.items() if name in known}
        try:
            return wandb.init(
                **{**arguments, **more},
                dir=str(self._folder),
                reinit="create_new",
                settings=wandb.Settings(**settings),
            )
        except (AuthenticationError, UsageError) as error:
            raise RunError(_refusal(error)) from error

    def _close(self, trial: int, exit_code: int = 0) -> None:
        """Ends a run that is open, with all that was logged."""
        opened = self._runs.pop(trial, None)
        if opened is not None:
            opened.run.finish(exit_code=exit_code)


def _refusal(error: Exception) -> str:
    """What a person has to change; W&B calls a key that is missing a wrong use, as much else."""
    if isinstance(error, AuthenticationError) or _NO_KEY.match(str(error)):
        return (
            "W&B has no key or refuses it. Type `wandb login`, or set WANDB_API_KEY; "
            "WANDB_MODE=offline writes files for `wandb sync` instead."
        )
    return (
        f"W&B does not take this run: {reason(error)}. What it is called there, "
        '`wandb = { project = "...", entity = "..." }` below [track] says.'
    )


def _mode(arguments: Mapping[str, Any]) -> str:
    return str(arguments.get("mode") or os.environ.get("WANDB_MODE") or "online")


def _log(opened: _Open, rows: list[Row]) -> bool:
    """Logs the rows that the run has not; False, and nothing more, at one of an earlier step."""
    for step, of_step in groupby(rows[opened.rows :], key=lambda row: row[0]):
        same = list(of_step)
        values = {name: value for _, name, value in same}
        if opened.counts_calls:
            opened.run.log({**values, _STEP: step})
        elif step < opened.last_step:
            return False
        else:
            if step >= opened.first_step:
                opened.run.log(values, step=step)
            opened.last_step = step
        opened.rows += len(same)
    return True


def _whole_steps(rows: list[Row]) -> int:
    """How many rows are of steps that are over: of the last one more may come."""
    end = len(rows)
    while end and rows[end - 1][0] == rows[-1][0]:
        end -= 1
    return end


def _lineage(news: News) -> str | None:
    if news.parent is None:
        return None
    return f"Forked from {news.parent.name} ({news.parent.id}) at step {news.record.from_step}."


def _summarize(run: Any, news: News) -> None:
    """What a table of runs shows: the best checkpoint's value, how the trial stands, and why."""
    run.log({}, commit=True)  # what is logged changes the summary, so it comes first
    known = {name: news.facts[name] for name in _SHOWN if name in news.facts}
    best = {} if news.best is None else {news.experiment.metric: news.best.value}
    run.summary.update({**known, **best})
