"""Sources whose names are not ours, and whose trials crashed before they had all of theirs."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from tests.connect.csv_folders import csv_folder, import_result, import_source, shared_case

from etude.design.known_names import taken_for
from etude.experiment import toml
from etude.space import Choice, Real


def found(result, check, rule="", **subject):
    """The findings of a check, under a rule, of a subject."""
    return [
        finding
        for finding in result.findings
        if finding.check == check
        and rule in ("", finding.rule)
        and subject.items() <= finding.subject.items()
    ]


def rates(*names: str) -> str:
    """Thirty trials over rates of these names, spread over two decades."""
    shares = [[(7 * at + 3 * k) % 30 / 29 for k in range(len(names))] for at in range(30)]
    rows = [",".join(f"{1e-4 * 100**share:.6g}" for share in row) for row in shares]
    return f"trial,{','.join(names)}\n" + "".join(f"t{at},{row}\n" for at, row in enumerate(rows))


def falling(losses: dict[str, str], *, trials: int = 6) -> str:
    """Curves of a training that overfits from the middle on, under these names."""
    rows = ["trial,step,metric,value"]
    for at in range(trials):
        for k in range(40):
            train = 2.0 * math.exp(-k / 8)
            valid = train + 0.5 + 0.05 * max(0, k - 20)
            values = {"train/loss": train, "valid/loss": valid}
            rows += [f"t{at},{k},{losses[known]},{value:.6g}" for known, value in values.items()]
    return "\n".join(rows) + "\n"


# --- the shared cases


def test_two_learning_rates_are_learning_rates():
    result = import_result(shared_case("names-of-learning-rates"), "fid")

    domains = result.studies[0].space.domains
    assert [domains[name].scale for name in ("lr_D", "lr_G")] == ["log", "log"]
    assert taken_for(result.experiment) == {"lr_D": "learning_rate", "lr_G": "learning_rate"}
    assert not any("no learning rate" in finding.message for finding in found(result, "stability"))
    assert not [
        finding
        for finding in found(result, "boundary")
        if finding.status in ("problem", "notice") and finding.subject["hyperparameter"] != "width"
    ]


def test_losses_of_usual_names_show_overfitting():
    summary, _ = import_source(shared_case("names-of-losses"), "val_loss")
    result = import_result(shared_case("names-of-losses"), "val_loss")

    assert summary.taken_for == {"train_loss": "train/loss", "val_loss": "valid/loss"}
    (best,) = [one for one in found(result, "overfitting", "C6") if "trial" in one.subject]
    assert best.status == "problem"
    assert best.headline.endswith("overfits from step 1,999: `val_loss` 0.766 to 0.968")
    assert "while train_loss fell on, its val_loss went from 0.766" in best.message
    assert {one.status for one in found(result, "overfitting", "C7") if "trial" in one.subject} == {
        "problem"
    }
    assert {one.status for one in found(result, "training_loss_rises")} == {"ok"}


def test_a_trial_that_crashed_before_it_asked_takes_no_axis_from_the_checks():
    source = shared_case("optuna-crashed-trials", "study.db")
    summary, _ = import_source(source, "value", "optuna", study="main")
    result = import_result(source, "value", "optuna", study="main")

    assert summary.unseen == {}
    assert result.studies[0].space.domains == {
        "lr": Real(1e-5, 0.1, log=True),
        "window": result.studies[0].space.domains["window"],
    }
    assert summary.statuses == {"completed": 14, "infeasible (error)": 2}
    assert found(result, "importance", hyperparameter="window")
    (infeasible,) = found(result, "infeasible", "C3")
    assert infeasible.message.startswith("2 of 16 ended trials")


def test_two_studies_of_one_source_have_all_their_trials():
    summary, _ = import_source(shared_case("optuna-crashed-trials", "study.db"), "value", "optuna")

    assert summary.statuses == {"completed": 15, "infeasible (error)": 4}
    assert summary.source_studies == ("warmup", "main")


# --- others like them


def test_what_is_renamed_to_a_known_name_stands_in_the_file(tmp_path):
    source = csv_folder(
        tmp_path / "x",
        "trial,zeta,gizmo\na,0.1,1\nb,0.2,2\n",
        "trial,step,metric,value\na,9,nll,0.5\nb,9,nll,0.4\n",
    )
    renames = {"zeta": "learning_rate", "nll": "valid/loss", "gizmo": "gadget"}
    summary, store = import_source(source, "valid/loss", renames=renames)

    assert summary.experiment.names == {"zeta": "learning_rate", "nll": "valid/loss"}
    (entry,) = store.entries()
    assert '[names]\nzeta = "learning_rate"\nnll = "valid/loss"\n' in entry.text
    assert toml.loads(entry.text, name="it") == entry.experiment


@pytest.mark.parametrize(
    "names", [("lrate",), ("optimizer.lr",), ("actor_lr", "critic_lr"), ("learningRate",)]
)
def test_a_rate_of_another_name_is_a_rate(tmp_path, names):
    trials = rates(*names)
    values = "".join(f"t{at},0,score,{(at * 7 % 30) / 30}\n" for at in range(30))
    result = import_result(
        csv_folder(tmp_path / "x", trials, f"trial,step,metric,value\n{values}"), "score"
    )

    assert taken_for(result.experiment) == dict.fromkeys(sorted(names), "learning_rate")
    assert not any("no learning rate" in finding.message for finding in found(result, "stability"))


@pytest.mark.parametrize(
    "losses",
    [
        {"train/loss": "train/loss", "valid/loss": "valid/loss"},
        {"train/loss": "loss", "valid/loss": "val_loss"},
        {"train/loss": "train_loss_epoch", "valid/loss": "val/loss"},
        {"train/loss": "loss/train", "valid/loss": "loss/validation"},
        {"train/loss": "trainLoss", "valid/loss": "evalLoss"},
        {"train/loss": "training_loss", "valid/loss": "eval/loss"},
    ],
)
def test_overfitting_is_found_by_any_usual_names(tmp_path, losses):
    rows = "".join(f"t{at},{0.1 * (at + 1):.6g}\n" for at in range(6))
    source = csv_folder(tmp_path / "x", f"trial,learning_rate\n{rows}", falling(losses))
    result = import_result(source, losses["valid/loss"])

    statuses = [(one.rule, one.status) for one in found(result, "overfitting")]
    assert statuses == [("C6", "problem"), *[("C7", "problem")] * 5, ("C7", "ok")]


def test_a_loss_of_a_part_is_no_training_loss(tmp_path):
    losses = {"train/loss": "train/box_loss", "valid/loss": "val_loss"}
    rows = "".join(f"t{at},{0.1 * (at + 1):.6g}\n" for at in range(6))
    source = csv_folder(tmp_path / "x", f"trial,learning_rate\n{rows}", falling(losses))
    result = import_result(source, "val_loss")

    assert {one.status for one in found(result, "overfitting") if "trial" in one.subject} == {
        "unclear"
    }


def test_a_rate_of_mlflow_is_a_rate(tmp_path):
    experiment = tmp_path / "mlruns" / "1"
    experiment.mkdir(parents=True)
    (experiment / "meta.yaml").write_text("name: rates\nlifecycle_stage: active\n")
    for at in range(4):
        run = experiment / f"r{at}"
        for part in ("params", "metrics"):
            (run / part).mkdir(parents=True)
        (run / "meta.yaml").write_text(f"run_id: r{at}\nstatus: 3\nlifecycle_stage: active\n")
        (run / "params" / "params.lr").write_text(f"{0.01 * (at + 1)}")
        (run / "metrics" / "val_loss").write_text(f"1000 {0.5 - at / 10} 9\n")

    summary, _ = import_source(experiment.parent, "val_loss", "mlflow")

    assert summary.taken_for == {"params.lr": "learning_rate", "val_loss": "valid/loss"}


def test_a_nested_rate_of_weights_and_biases_is_a_rate(tmp_path):
    for at in range(4):
        run = tmp_path / "wandb" / f"run-2026010{at + 1}_000000-a{at}" / "files"
        run.mkdir(parents=True)
        config = f"optimizer:\n  value:\n    lr: {0.01 * (at + 1)}\n    name: adam\n"
        (run / "config.yaml").write_text(config)
        (run / "wandb-summary.json").write_text(json.dumps({"val_loss": 0.5, "_step": 9}))

    summary, _ = import_source(tmp_path, "val_loss", "wandb")

    assert summary.taken_for["optimizer.lr"] == "learning_rate"
    assert summary.taken_for["optimizer.name"] == "optimizer"


def journal(path: Path, trials: list[tuple[int, dict[str, float], float | None]]) -> Path:
    """An Optuna journal of these trials: state, internal values by name, value."""
    distributions = {
        "optimizer": {
            "name": "CategoricalDistribution",
            "attributes": {"choices": ["adam", "sgd"]},
        },
        "lr": {"name": "FloatDistribution", "attributes": {"low": 1e-4, "high": 1, "log": True}},
        "beta1": {"name": "FloatDistribution", "attributes": {"low": 0.5, "high": 0.99}},
        "momentum": {"name": "FloatDistribution", "attributes": {"low": 0.0, "high": 0.99}},
    }
    records: list[dict[str, object]] = [{"op_code": 0, "study_name": "it", "directions": [1]}]
    for number, (state, setting, value) in enumerate(trials):
        records.append({"op_code": 4, "study_id": 0})
        records += [
            {
                "op_code": 5,
                "trial_id": number,
                "param_name": name,
                "param_value_internal": one,
                "distribution": json.dumps(distributions[name]),
            }
            for name, one in setting.items()
        ]
        end: dict[str, object] = {"op_code": 6, "trial_id": number, "state": state}
        records.append(end if value is None else {**end, "values": [value]})
    path.write_text("".join(f"{json.dumps(one)}\n" for one in records))
    return path


COMPLETE, FAIL = 1, 3
CONDITIONAL = [
    (
        COMPLETE,
        {
            "optimizer": at % 2,
            "lr": 0.001 * (at + 1),
            "momentum" if at % 2 else "beta1": 0.5 + at / 40,
        },
        at / 10,
    )
    for at in range(12)
]


def test_a_conditional_parameter_may_lack_in_a_crashed_trial(tmp_path):
    crashed = (FAIL, {"optimizer": 0, "lr": 0.5}, None)
    result = import_result(
        journal(tmp_path / "journal.log", [*CONDITIONAL, crashed]), "value", "optuna"
    )

    assert {study.name: sorted(study.space.domains) for study in result.studies} == {
        "optimizer=adam": ["beta1", "lr"],
        "optimizer=sgd": ["lr", "momentum"],
    }
    assert {one.subject["hyperparameter"] for one in found(result, "boundary")} == {
        "beta1",
        "lr",
        "momentum",
    }


def test_a_trial_that_crashed_before_everything_changes_no_space(tmp_path):
    crashed = [(FAIL, {"lr": 0.5}, None), (FAIL, {}, None)]
    result = import_result(
        journal(tmp_path / "journal.log", [*CONDITIONAL, *crashed]), "value", "optuna"
    )

    assert [study.name for study in result.studies] == ["optimizer=adam", "optimizer=sgd"]
    assert len(result.records) == 14


def test_choices_of_a_study_with_a_crashed_trial_are_those_that_it_states(tmp_path):
    whole = [(COMPLETE, {"optimizer": 0, "lr": 0.01 * (at + 1)}, at / 10) for at in range(5)]
    crashed = (FAIL, {"lr": 0.5}, None)
    result = import_result(journal(tmp_path / "journal.log", [*whole, crashed]), "value", "optuna")

    assert result.studies[0].space.domains["optimizer"] == Choice(["adam", "sgd"])
