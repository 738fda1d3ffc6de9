"""The smallest source of each kind: two trials that differ in `learning_rate`, with two metrics.

A new reader adds its function to `SOURCES`, and the contract in test_readers.py holds for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.connect import encoders
from tests.connect.csv_folders import csv_folder
from tests.connect.raytune import ray_files

# By name: the setting of each trial. `width` is there to be left out, `noise` too.
SETTINGS = {
    "a": {"learning_rate": 0.1, "width": 8},
    "b": {"learning_rate": 0.2, "width": 16},
}
VALUES = {"valid/error": 0.5, "noise": 1.0}
STEP = 3


def csv_source(folder: Path) -> Path:
    rows = "".join(f"{name},{rate},{width}\n" for name, (rate, width) in _cells())
    points = "".join(
        f"{name},{STEP},{metric},{value}\n" for name in SETTINGS for metric, value in VALUES.items()
    )
    trials = f"trial,learning_rate,width\n{rows}"
    return csv_folder(folder / "csv", trials, f"trial,step,metric,value\n{points}")


def kerastuner_source(folder: Path) -> Path:
    names = ("learning_rate", "width")
    space = [
        {"class_name": "Float", "config": {"name": name, "min_value": 0.0, "max_value": 99.0}}
        for name in names
    ]
    metrics = {
        name: {"direction": "min", "observations": [{"value": [value], "step": STEP}]}
        for name, value in VALUES.items()
    }
    contents: dict[str, object] = {"oracle.json": {"hyperparameters": {"space": space}}}
    for name, setting in SETTINGS.items():
        contents[f"trial_{name}/trial.json"] = {
            "trial_id": name,
            "hyperparameters": {"space": space, "values": setting},
            "metrics": {"metrics": metrics},
            "status": "COMPLETED",
        }
    for path, content in contents.items():
        (folder / "project" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "project" / path).write_text(json.dumps(content))
    return folder / "project"


def lightning_source(folder: Path) -> Path:
    header, values = ",".join(VALUES), ",".join(map(str, VALUES.values()))
    for name, setting in SETTINGS.items():
        run = folder / "lightning_logs" / name
        run.mkdir(parents=True)
        (run / "hparams.yaml").write_text("".join(f"{k}: {v}\n" for k, v in setting.items()))
        (run / "metrics.csv").write_text(f"step,{header}\n{STEP},{values}\n")
    return folder / "lightning_logs"


def mlflow_source(folder: Path) -> Path:
    experiment = folder / "mlruns" / "1"
    experiment.mkdir(parents=True)
    (experiment / "meta.yaml").write_text("name: rates\nlifecycle_stage: active\n")
    for name, setting in SETTINGS.items():
        texts = {"meta.yaml": f"run_id: {name}\nstatus: 3\nlifecycle_stage: active\n"}
        texts |= {f"params/{key}": str(value) for key, value in setting.items()}
        texts |= {f"metrics/{key}": f"1000 {value} {STEP}\n" for key, value in VALUES.items()}
        for path, text in texts.items():
            (experiment / name / path).parent.mkdir(parents=True, exist_ok=True)
            (experiment / name / path).write_text(text)
    return experiment.parent


def optuna_source(folder: Path) -> Path:
    """A journal of two objectives, which are the two metrics."""
    names = {"study:metric_names": list(VALUES)}
    records: list[dict[str, object]] = [
        {"op_code": 0, "study_name": "rates", "directions": [1, 1]},
        {"op_code": 3, "study_id": 0, "system_attr": names},
    ]
    range_ = json.dumps({"name": "FloatDistribution", "attributes": {"low": 0.0, "high": 99.0}})
    for number, setting in enumerate(SETTINGS.values()):
        records += [
            {"op_code": 4, "study_id": 0, "intermediate_values": {str(STEP): 0.25}},
            *(
                {
                    "op_code": 5,
                    "trial_id": number,
                    "param_name": name,
                    "param_value_internal": value,
                    "distribution": range_,
                }
                for name, value in setting.items()
            ),
            {"op_code": 6, "trial_id": number, "state": 1, "values": list(VALUES.values())},
        ]
    path = folder / "journal.log"
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    return path


def raytune_source(folder: Path) -> Path:
    experiment = folder / "rates"
    result = ray_files.result(STEP, valid={"error": VALUES["valid/error"]}, noise=1.0)
    for name, setting in SETTINGS.items():
        ray_files.write_trial(experiment, name, result, setting=setting)
    ray_files.write_state(
        experiment, *(ray_files.state_entry(name, config=SETTINGS[name]) for name in SETTINGS)
    )
    return experiment


def tensorboard_source(folder: Path) -> Path:
    values = [encoders.simple_value(metric, value) for metric, value in VALUES.items()]
    for name, setting in SETTINGS.items():
        path = folder / "logs" / name / "events.out.tfevents.1"
        encoders.event_file(path, encoders.event(STEP, *values))
        (path.parent / "hparams.json").write_text(json.dumps(setting))
    return folder / "logs"


def wandb_source(folder: Path) -> Path:
    texts = {metric: str(value) for metric, value in VALUES.items()}
    for name, setting in SETTINGS.items():
        encoders.wandb_log(
            folder / "wandb" / f"run-1-{name}" / f"run-{name}.wandb",
            [
                encoders.wandb_config(setting),
                encoders.wandb_history(STEP, texts),
                encoders.wandb_exit(0),
            ],
        )
    for name in SETTINGS:
        (folder / "wandb" / f"run-1-{name}" / "files").mkdir()
    return folder / "wandb"


SOURCES: Mapping[str, Callable[[Path], Path]] = {
    "csv": csv_source,
    "kerastuner": kerastuner_source,
    "lightning": lightning_source,
    "mlflow": mlflow_source,
    "optuna": optuna_source,
    "raytune": raytune_source,
    "tensorboard": tensorboard_source,
    "wandb": wandb_source,
}


def _cells() -> list[tuple[str, list[object]]]:
    return [(name, list(setting.values())) for name, setting in SETTINGS.items()]
