"""Local runs of W&B: folders `run-DATE-ID`, with a transaction log or only the files beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

from ...errors import ImportFileError
from ...record import BY_HAND
from ..base import Row, SourceStatus, SourceTrial
from ..parsing import files, hydra, scalars, yaml
from ..parsing import folders as folders_below
from .transaction_log import Log, is_own, metric_value, step_of, transaction_log

# The exit code of a person's Ctrl-C, as W&B's exit hook writes it.
_INTERRUPTED = 255
# A job of a sweep has its own folder `wandb`: Hydra writes `multirun/DATE/TIME/JOB/wandb`.
FOLDER = "wandb"
_DEPTH = 5


@final
@dataclass(frozen=True, kw_only=True)
class _Part:
    """The content of one folder; a run that was resumed has several folders."""

    setting: Mapping[str, Any]
    rows: tuple[Row, ...] = ()
    status: SourceStatus = "unknown"
    reason: str = ""
    detail: str = ""
    wall_s: float = 0.0
    left_out: list[str] = field(default_factory=list)


def folders(source: Path) -> list[Path]:
    """The folders of runs in a source: a folder `wandb`, one that holds some, or one run."""
    if _is_run(source):
        return [source]
    parents = [source, *folders_below.named(source, FOLDER, depth=_DEPTH)]
    paths = [path for place in parents for path in place.iterdir()]
    return sorted(path for path in paths if _is_run(path) and files.is_inside(source, path))


def trials(places: list[Path], source: Path) -> tuple[list[SourceTrial], list[str]]:
    """One trial for each run, its folders in order of time, and messages about what is missing."""
    parts: dict[str, list[_Part]] = defaultdict(list)
    left_out: list[str] = []
    for place in places:
        try:
            part = _part(place, source)
        except (ImportFileError, OSError) as error:
            left_out.append(f"{error} So this run is left out.")
            continue
        left_out += part.left_out
        parts[place.name.rpartition("-")[2]].append(part)
    return [_trial(name, run_parts) for name, run_parts in parts.items()], left_out


def _is_run(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and "run-" in path.name


def _trial(name: str, parts: list[_Part]) -> SourceTrial:
    last_part = parts[-1]
    tree = {key: value for part in parts for key, value in part.setting.items()}
    return SourceTrial(
        name=name,
        setting=scalars.flat_setting(tree),
        rows=tuple(row for part in parts for row in part.rows),
        status=last_part.status,
        reason=last_part.reason,
        detail=last_part.detail,
        wall_s=sum(part.wall_s for part in parts),
    )


def _part(place: Path, source: Path) -> _Part:
    logs = files.regular_files(place, "*.wandb")
    part = _from_log(logs[0], transaction_log(logs[0])) if logs else _Part(setting={})
    config = place / "files" / "config.yaml"
    setting = part.setting
    if not setting and files.has_file(place, config):
        setting = _config(config, part.left_out)
    job = place.parent.parent
    if not setting and job.resolve().is_relative_to(source.resolve()):
        setting = hydra.job_setting(job, job, part.left_out)
    if not setting and not files.has_file(place, config) and not part.rows:
        raise ImportFileError(
            " ".join(
                [*part.left_out, f"`{place}` holds no setting (`files/config.yaml`, `*.wandb`)."]
            )
        )
    if part.rows:
        return replace(part, setting=setting)
    summary = _from_summary(place, logs)
    return replace(
        part,
        setting=setting,
        rows=summary.rows,
        wall_s=max(part.wall_s, summary.wall_s),
        left_out=part.left_out + summary.left_out,
    )


def _config(path: Path, left_out: list[str]) -> dict[str, Any]:
    setting: dict[str, Any] = {}
    unread: list[str] = []
    tree = yaml.document(path, unread)
    left_out += unread
    for name, entry in tree.items():
        if is_own(name) or name == "wandb_version" or (unread and entry == {}):
            continue
        if not isinstance(entry, dict) or "value" not in entry:
            raise ImportFileError(f"`{path}`: `{name}` has no `value`, as W&B would write it.")
        setting[name] = entry["value"]
    return setting


def _from_log(path: Path, content: Log) -> _Part:
    left_out = [content.broken] if content.broken else []
    if content.passed_over:
        left_out.append(
            f"`{path}`: passed over {content.passed_over} logged values that are no numbers."
        )
    status, reason, detail = _end(content.exit_code)
    setting = {name: value for name, value in content.setting.items() if not is_own(name)}
    return _Part(
        setting=setting,
        rows=tuple(content.rows),
        status=status,
        reason=reason,
        detail=detail,
        wall_s=content.wall_s,
        left_out=left_out,
    )


def _end(exit_code: int | None) -> tuple[SourceStatus, str, str]:
    """The status, the reason, and W&B's words for people."""
    if exit_code is None:
        return "running", "", "The transaction log knows no end: still running, or lost."
    if exit_code == 0:
        return "completed", "", ""
    detail = f"The process ended with exit code {exit_code}."
    if exit_code == _INTERRUPTED:
        return "stopped", BY_HAND, detail
    return "failed", "", detail


def _flat_summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The summary, where one metric may have several values: `val_loss.min`; no picture has."""
    flat = dict(summary)
    for name, logged in summary.items():
        if isinstance(logged, dict) and "_type" not in logged and not is_own(name):
            flat |= {f"{name}.{part}": value for part, value in logged.items()}
    return flat


def _from_summary(place: Path, logs: list[Path]) -> _Part:
    path = place / "files" / "wandb-summary.json"
    history = "no history in its log" if logs else "no log (`*.wandb`)"
    if not files.has_file(place, path):
        return _Part(setting={}, left_out=[f"`{place}` has {history} and no summary: no values."])
    summary = _flat_summary(scalars.json_file(path))
    step = step_of(summary.get("_step"))
    values = {
        name: number
        for name, logged in summary.items()
        if not is_own(name) and (number := metric_value(logged)) is not None
    }
    details = summary.get("_wandb")
    runtime = details.get("runtime") if isinstance(details, dict) else None
    message = (
        f"`{place}` has {history}: of each metric, only the last value is known."
        if values
        else f"`{place}` has {history}, and `{path.name}` holds no metric: no values."
    )
    return _Part(
        setting={},
        rows=tuple((step, name, number) for name, number in values.items()),
        wall_s=metric_value(summary.get("_runtime")) or metric_value(runtime) or 0.0,
        left_out=[message],
    )
