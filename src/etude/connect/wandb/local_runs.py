"""Local runs of W&B: folders `run-DATE-ID`, with the transaction log or only what is beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

from ...errors import ImportFileError
from ..base import Row, SourceStatus, SourceTrial
from ..parsing import files, scalars, yaml
from .transaction_log import OWN, Log, log, value, whole

# A person's Ctrl-C, as W&B's own exit hook writes it.
_INTERRUPTED = 255


@final
@dataclass(frozen=True, kw_only=True)
class _Part:
    """What one folder knows; a run that was resumed has several."""

    setting: Mapping[str, Any]
    rows: tuple[Row, ...] = ()
    status: SourceStatus = "unknown"
    detail: str = ""
    wall_s: float = 0.0
    told: list[str] = field(default_factory=list)


def folders(source: Path) -> list[Path]:
    """The folders of runs in a source: a `wandb` folder, what holds one, or one run."""
    if _is_run(source):
        return [source]
    around = [source, source / "wandb"]
    found = [path for place in around if place.is_dir() for path in place.iterdir()]
    return sorted(path for path in found if _is_run(path) and files.inside(source, path))


def trials(places: list[Path]) -> tuple[list[SourceTrial], list[str]]:
    """One trial a run, its folders in order of time, and what to tell about them."""
    parts: dict[str, list[_Part]] = defaultdict(list)
    told: list[str] = []
    for place in places:
        try:
            part = _part(place)
        except (ImportFileError, OSError) as error:
            told.append(f"{error} So this run is left out.")
            continue
        told += part.told
        parts[place.name.rpartition("-")[2]].append(part)
    return [_trial(name, held) for name, held in parts.items()], told


def _is_run(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and "run-" in path.name


def _trial(name: str, parts: list[_Part]) -> SourceTrial:
    last = parts[-1]
    tree = {key: held for part in parts for key, held in part.setting.items()}
    return SourceTrial(
        name=name,
        setting=scalars.flat(tree),
        rows=tuple(row for part in parts for row in part.rows),
        status=last.status,
        detail=last.detail,
        wall_s=sum(part.wall_s for part in parts),
    )


def _part(place: Path) -> _Part:
    logs = files.files(place, "*.wandb")
    part = _from_log(logs[0], log(logs[0])) if logs else _Part(setting={})
    config = place / "files" / "config.yaml"
    setting = part.setting
    if not setting and _there(place, config):
        setting = _config(config)
    elif not setting and not part.rows:
        raise ImportFileError(
            " ".join([*part.told, f"`{place}` holds no setting (`files/config.yaml`, `*.wandb`)."])
        )
    if part.rows:
        return replace(part, setting=setting)
    summary = _from_summary(place, logs)
    return replace(
        part,
        setting=setting,
        rows=summary.rows,
        wall_s=max(part.wall_s, summary.wall_s),
        told=part.told + summary.told,
    )


def _there(place: Path, path: Path) -> bool:
    return path.is_file() and files.inside(place, path)


def _config(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, held in yaml.document(path).items():
        if name in ("_wandb", "wandb_version"):
            continue
        if not isinstance(held, dict) or "value" not in held:
            raise ImportFileError(f"`{path}`: `{name}` has no `value`, as W&B would write it.")
        found[name] = held["value"]
    return found


def _from_log(path: Path, held: Log) -> _Part:
    told = [held.broken] if held.broken else []
    if held.passed_over:
        told.append(f"`{path}`: passed over {held.passed_over} logged values that are no numbers.")
    status, detail = _end(held.exit_code)
    setting = {name: one for name, one in held.setting.items() if name not in OWN}
    return _Part(
        setting=setting,
        rows=tuple(held.rows),
        status=status,
        detail=detail,
        wall_s=held.wall_s,
        told=told,
    )


def _end(exit_code: int | None) -> tuple[SourceStatus, str]:
    if exit_code is None:
        return "running", "The transaction log knows no end: still running, or lost."
    if exit_code == 0:
        return "completed", ""
    status: SourceStatus = "stopped" if exit_code == _INTERRUPTED else "failed"
    return status, f"The process ended with exit code {exit_code}."


def _from_summary(place: Path, logs: list[Path]) -> _Part:
    path = place / "files" / "wandb-summary.json"
    history = "no history in its log" if logs else "no log (`*.wandb`)"
    if not _there(place, path):
        return _Part(setting={}, told=[f"`{place}` has {history} and no summary: no values."])
    summary = scalars.from_json(path)
    step = whole(summary.get("_step"))
    values = {
        name: read
        for name, held in summary.items()
        if name not in OWN and (read := value(held)) is not None
    }
    own = summary.get("_wandb")
    runtime = own.get("runtime") if isinstance(own, dict) else None
    told = (
        f"`{place}` has {history}: of each metric, only the last value is known."
        if values
        else f"`{place}` has {history}, and `{path.name}` holds no metric: no values."
    )
    return _Part(
        setting={},
        rows=tuple((step, name, read) for name, read in values.items()),
        wall_s=value(summary.get("_runtime")) or value(runtime) or 0.0,
        told=[told],
    )
