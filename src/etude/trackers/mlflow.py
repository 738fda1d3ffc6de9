"""MLflow: one run a trial below one run a study, in an experiment of the same name.

A run cannot lose a point again, so what a resumed trial voids goes with its run: the trial gets
another one, with all of its points. Points that may have arrived already are looked for first, and
handed over with the time that they were first handed over with: a server then knows them again.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeAlias, final

from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient, get_tracking_uri

from ..disk.file import write_whole
from ..disk.rights import make_folder
from ..errors import RunError
from ..experiment.tracked_run import TrackedRun, mlflow_arguments, mlflow_note
from ..space import Scalar
from ..text.masking import without_password
from ..text.signs import text_of
from .base import COLUMNS, News, Row, Sent, StudyNews, reason

# What one call may carry, by MLflow's own limits.
_METRICS, _PARAMS, _TAGS = 900, 100, 100
_LONGEST_PARAM, _LONGEST_TAG = 6000, 5000
_NO_KEY = re.compile(r"[^\w\-. /:]")
_NO_PARTS = frozenset({"", ".", ".."})
_RUN, _STUDY, _VOID = "etude/run", "etude/group", "etude/void"
# A point as a server keeps it: NaN by its name, so that it equals itself.
_Kept: TypeAlias = tuple[int, str, float | str]
# A follower pauses by itself, and longer each time: MLflow's own repetitions take ten minutes.
_QUICK = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_REFUSED = ("401", "403", "PERMISSION_DENIED", "UNAUTHENTICATED")
# As MLflow words an answer that is not its server's: a proxy's. Its 404 is a restart, and passes.
_REFUSED_BY_PROXY = re.compile(r" error code 40[13]\b")
_STATUS = {"completed": "FINISHED", "stopped": "KILLED", "infeasible": "FAILED"}


@final
class Mlflow:
    """A tracking server, or a folder or database that MLflow writes as if it were one."""

    def __init__(self, options: Mapping[str, Scalar]) -> None:
        """Calls nobody yet."""
        for name, value in _QUICK.items():
            os.environ.setdefault(name, value)
        uri = options.get("uri")
        try:
            self._client = MlflowClient(tracking_uri=None if uri is None else str(uri))
        except Exception as error:  # whatever its stores raise of an address
            raise RunError(
                f"MLflow cannot write to `{without_password(str(uri or get_tracking_uri()))}` "
                f"({reason(error)}). Name a server: MLFLOW_TRACKING_URI, or "
                '`mlflow = { uri = "http://HOST:PORT" }` below [track].'
            ) from error
        self._name = options.get("experiment")
        self._experiments: dict[str, str] = {}
        self._studies: dict[str, str] = {}
        self._statuses: dict[str, str] = {}

    def write(self, news: News) -> Sent:
        """Logs the points that are not there yet, and what became of the trial."""
        with _refusals():
            run_id, is_new = self._run(news)
            rows = list(news.rows(0 if is_new else news.sent))
            if news.is_unsure and not is_new:
                rows = self._missing(run_id, news, rows)
            params = list(_params(news)) if is_new or news.is_unsure else []
            self._log(run_id, [_metric(row, news.time_ms) for row in rows], params, _tags(news))
            self._set_status(run_id, _STATUS.get(news.record.status, "RUNNING"), news)
        return Sent(news.until, run_id)

    def summarize(self, study: StudyNews) -> None:
        """Writes the findings as the description of the study's run, and as a table of it."""
        with _refusals():
            run_id = self._study(study.run)
            self._client.set_tag(run_id, "mlflow.note.content", study.markdown[:_LONGEST_TAG])
            table = {"columns": list(COLUMNS), "data": [list(row) for row in study.table]}
            shown = json.dumps([{"path": "findings.json", "type": "table"}])
            self._client.log_text(run_id, json.dumps(table), "findings.json")
            self._client.set_tag(run_id, "mlflow.loggedArtifacts", shown)
            self._set_status(run_id, "FINISHED")

    def close(self) -> None:
        """Nothing is open between two calls."""

    def _run(self, news: News) -> tuple[str, bool]:
        """The id of the trial's run, and whether it is new; one with void points is taken away."""
        if news.mark and not news.is_void:
            return news.mark, False
        # Without a mark a first call may have arrived all the same.
        if news.is_void and (void := news.mark or self._with_tag(news.run, _RUN, news.run.id)):
            self._take_away(void, news)
        if known := self._with_tag(news.run, _RUN, news.run.id):
            self._note(news, known)
            return known, False
        tags = {
            **mlflow_arguments(news.run)["tags"],
            "mlflow.parentRunId": self._study(news.run),
        }
        run = self._client.create_run(
            self._experiment(news.run), news.time_ms, tags=tags, run_name=news.run.name
        )
        self._note(news, run.info.run_id)
        return run.info.run_id, True

    def _take_away(self, run_id: str, news: News) -> None:
        """Deletes a run of void points; one that the training writes too only steps aside."""
        run = self._client.get_run(run_id)
        if _RUN in run.data.tags:
            self._client.set_tag(run_id, _VOID, news.run.id)
            self._client.delete_tag(run_id, _RUN)
        if news.is_opened:
            self._client.update_run(run_id, status="KILLED", name=f"{news.run.name} (void)")
        elif run.info.lifecycle_stage == "active":
            self._client.delete_run(run_id)

    def _note(self, news: News, run_id: str) -> None:
        """Leaves the id for `Trial.tracker`, which knows no other way to it."""
        make_folder(news.folder)
        write_whole(mlflow_note(news.folder), run_id)

    def _study(self, run: TrackedRun) -> str:
        """The run of a study, which its trials' runs stand below."""
        if run.study not in self._studies:
            value = f"{run.token} {run.study}"
            known = self._with_tag(run, _STUDY, value)
            self._studies[run.study] = (
                known
                or self._client.create_run(
                    self._experiment(run), tags={_STUDY: value}, run_name=run.group
                ).info.run_id
            )
        return self._studies[run.study]

    def _experiment(self, run: TrackedRun) -> str:
        name = str(self._name or run.experiment)
        if name not in self._experiments:
            known = self._client.get_experiment_by_name(name)
            if known is not None and known.lifecycle_stage != "active":
                raise RunError(
                    f"MLflow's experiment `{name}` was deleted there. Restore it, or name another: "
                    f'`mlflow = {{ experiment = "{name}-2" }}` below [track].'
                )
            self._experiments[name] = (
                known.experiment_id if known else self._client.create_experiment(name)
            )
        return self._experiments[name]

    def _with_tag(self, run: TrackedRun, tag: str, value: str) -> str:
        """The oldest run with this tag; empty where there is none."""
        text = value.replace("'", "\\'")
        runs = self._client.search_runs(
            [self._experiment(run)],
            f"tags.`{tag}` = '{text}'",
            max_results=1,
            order_by=["attributes.start_time ASC"],
        )
        return str(runs[0].info.run_id) if runs else ""

    def _missing(self, run_id: str, news: News, rows: list[Row]) -> list[Row]:
        """The rows that are not there yet: the last calls may have arrived without an answer."""
        known: Counter[_Kept] = Counter()
        for name in dict.fromkeys(_key(name) for _, name, _ in rows):
            for one in self._client.get_metric_history(run_id, name):
                known[one.step, name, _comparable(one.value)] += 1
        sure = list(news.rows())[: news.sent]
        known -= Counter(map(_as_kept, sure))
        missing = []
        for row in rows:
            if known[_as_kept(row)] > 0:
                known[_as_kept(row)] -= 1
            else:
                missing.append(row)
        return missing

    def _log(
        self, run_id: str, metrics: list[Metric], params: list[Param], tags: list[RunTag]
    ) -> None:
        """As many calls as there is more than one may carry."""
        calls = max(
            -(-len(part) // most)
            for part, most in ((metrics, _METRICS), (params, _PARAMS), (tags, _TAGS))
        )
        for call in range(calls):
            self._client.log_batch(
                run_id,
                metrics[call * _METRICS :][:_METRICS],
                params[call * _PARAMS :][:_PARAMS],
                tags[call * _TAGS :][:_TAGS],
            )

    def _set_status(self, run_id: str, status: str, news: News | None = None) -> None:
        if self._statuses.get(run_id) == status:
            return
        if status == "RUNNING":
            # A new run runs; only one that ended before has to be told so.
            if news is None or news.is_unsure or run_id in self._statuses:
                self._client.update_run(run_id, status=status)
        else:
            self._client.set_terminated(run_id, status)
        self._statuses[run_id] = status


def _key(name: str) -> str:
    """A name as MLflow takes it: letters, digits, and some signs, no part of a path empty.

    >>> _key("/loss"), _key("train//loss"), _key("..")
    ('loss', 'train/loss', '_')
    """
    parts = [part for part in _NO_KEY.sub("_", name)[:250].split("/") if part not in _NO_PARTS]
    return "/".join(parts) or "_"


def _comparable(value: float) -> float | str:
    """A value that equals itself: NaN by its name; what is infinite is stored as the largest."""
    if math.isnan(value):
        return "nan"
    return max(-sys.float_info.max, min(sys.float_info.max, value))


def _as_kept(row: Row) -> _Kept:
    step, name, value = row
    return step, _key(name), _comparable(value)


def _metric(row: Row, time_ms: int) -> Metric:
    step, name, value = row
    return Metric(_key(name), value, time_ms, step)


def _params(news: News) -> Iterator[Param]:
    for name, value in news.setting.items():
        yield Param(_key(name), str(value)[:_LONGEST_PARAM])


def _tags(news: News) -> list[RunTag]:
    """The roles, the facts, and the value of the best checkpoint."""
    tags = {f"etude/role/{name}": role for name, role in news.roles.items()}
    tags |= {f"etude/{name}": str(value) for name, value in news.facts.items()}
    if news.best is not None:
        tags["etude/best"] = repr(news.best.value)
    return [RunTag(_key(name), value[:_LONGEST_TAG]) for name, value in tags.items()]


@contextmanager
def _refusals() -> Iterator[None]:
    """Tells what a person has to change from what only waits.

    Raises:
        RunError: for a key that the server does not take.
    """
    try:
        yield
    except MlflowException as error:
        if error.error_code in _REFUSED or _REFUSED_BY_PROXY.search(text_of(error)[:400]):
            raise RunError(
                "MLflow refuses the key. Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME "
                "and MLFLOW_TRACKING_PASSWORD."
            ) from error
        raise
