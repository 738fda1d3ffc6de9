"""TensorBoard: one event file a trial, in a folder a study; each point is one event.

A file is only ever written behind what was noted, and cut back to that after a kill. What a resumed
trial voids stays in the file before a restart mark, at which TensorBoard's readers forget it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, final

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2
from tensorboard.plugins.hparams import metadata as hparams
from tensorboard.plugins.text import metadata as text
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_tensor_proto

from ..disk.rights import make_folder
from ..experiment.tracked_run import tensorboard_arguments
from .base import News, Sent, StudyNews

# As other writers name theirs, and before them: they have the time here.
FILE = "events.out.tfevents.0000000000.etude"


@final
class TensorBoard:
    """Event files below a folder beside the store, or the one that `[track]` names."""

    def __init__(self, now_s: Callable[[], float] = time.time) -> None:
        """Writes nothing yet."""
        self._now_s = now_s

    def write(self, news: News) -> Sent:
        """Adds the points, and after the last what became of the trial."""
        path = Path(tensorboard_arguments(news.run)["log_dir"]) / FILE
        with _opened(path, int(news.mark or 0)) as (file, is_new):
            records = _Records(file, self._now_s)
            sent = 0 if is_new else news.sent
            if is_new:
                records.write(file_version="brain.Event:2")
            elif news.is_void:
                # All of it is void, and comes again: what is left of it is known to the store.
                records.write(session_log=SessionLog(status=SessionLog.START), step=0)
            if sent == 0:
                records.summaries(_beginning(news))
            for step, name, value in news.rows(sent):
                records.write(
                    step=step, summary=Summary(value=[Summary.Value(tag=name, simple_value=value)])
                )
            records.summaries(_ending(news))
            file.flush()
            return Sent(news.until, str(file.tell()))

    def summarize(self, study: StudyNews) -> None:
        """Writes the findings as a text, in place of those before."""
        path = Path(tensorboard_arguments(study.run)["log_dir"]).parent / FILE
        with _opened(path, 0) as (file, _):
            records = _Records(file, self._now_s)
            records.write(file_version="brain.Event:2")
            records.summaries([_text("findings", study.markdown)])

    def close(self) -> None:
        """Nothing is open between two calls."""


@final
class _Records:
    """Events behind what a file has."""

    def __init__(self, file: BinaryIO, now_s: Callable[[], float]) -> None:
        self._writer, self._now_s = RecordWriter(file), now_s

    def write(self, **fields: Any) -> None:
        event = Event(wall_time=self._now_s(), **fields)
        self._writer.write(event.SerializeToString())

    def summaries(self, values: Iterable[Summary.Value]) -> None:
        for value in values:
            self.write(step=0, summary=Summary(value=[value]))


@contextmanager
def _opened(path: Path, mark: int) -> Iterator[tuple[BinaryIO, bool]]:
    """The file, cut back to what was noted of it, and whether there is nothing in it."""
    make_folder(path.parent)
    with open(path, "ab") as file:
        size = file.tell()
        kept = mark if mark <= size else 0  # a file that is shorter than noted was lost
        file.truncate(kept)
        file.seek(kept)
        yield file, kept == 0


def _beginning(news: News) -> Iterator[Summary.Value]:
    """The setting, for the dashboard of hyperparameters, and with its roles for people."""
    start = plugin_data_pb2.SessionStartInfo(group_name=news.run.group)
    for name, value in news.setting.items():
        field = start.hparams[name]
        if isinstance(value, bool):
            field.bool_value = value
        elif isinstance(value, str):
            field.string_value = value
        else:
            field.number_value = value
    data = plugin_data_pb2.HParamsPluginData(session_start_info=start)
    yield _hparams("_hparams_/session_start_info", data)
    roles = (f"| {name} | {value} | {news.roles[name]} |" for name, value in news.setting.items())
    yield _text(
        "setting", "\n".join(["| hyperparameter | value | role |", "|---|---|---|", *roles])
    )


def _ending(news: News) -> Iterator[Summary.Value]:
    """What became of the trial; nothing while it trains."""
    if not (news.is_whole and news.record.ended):
        return
    facts = "\n".join(f"| {name} | {value} |" for name, value in news.facts.items())
    yield _text("trial", f"| fact | value |\n|---|---|\n{facts}")
    if news.best is not None:
        yield Summary.Value(tag=f"best/{news.experiment.metric}", simple_value=news.best.value)
    is_failed = news.record.status == "infeasible"
    status = api_pb2.STATUS_FAILURE if is_failed else api_pb2.STATUS_SUCCESS
    end = plugin_data_pb2.SessionEndInfo(status=status)
    yield _hparams(
        "_hparams_/session_end_info", plugin_data_pb2.HParamsPluginData(session_end_info=end)
    )


def _hparams(tag: str, data: Any) -> Summary.Value:
    metadata = hparams.create_summary_metadata(data)
    return Summary.Value(tag=tag, metadata=metadata, tensor=hparams.NULL_TENSOR)


def _text(tag: str, content: str) -> Summary.Value:
    metadata = text.create_summary_metadata(tag, "")
    return Summary.Value(
        tag=f"{tag}/text_summary",
        metadata=metadata,
        tensor=make_tensor_proto([content.encode()]),
    )
