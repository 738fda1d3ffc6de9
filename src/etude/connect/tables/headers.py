"""What the name of a column says of it: a setting, a result, or a tool's own bookkeeping."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from ...playbook.catalogue import known
from ...playbook.metrics import is_loss, known_metric
from ...playbook.words import word_lists, words

# How tools mark a setting, a result and what is theirs, in front of a name: MLflow, Ray Tune,
# W&B's API, Neptune, TensorBoard.
Marks: TypeAlias = tuple[str, ...]
_SETTING_MARKS: Marks = (
    *("params.", "params/", "config/", "config.", "parameters/", "parameters."),
    *("hparams/", "hparams.", "hyperparameters/", "hyperparameters.", "hp/", "hp."),
)
_RESULT_MARKS: Marks = ("metrics.", "metrics/", "summary.", "summary/")
_OWN_MARKS: Marks = (
    *("tags.", "tags/", "sys/", "sys.", "_wandb"),
    *("system/", "system.", "monitoring/"),
)
# Optuna's and scikit-learn's marks are words that others use too; these columns tell them.
_OPTUNA = frozenset(("number", "state", "value", "values_0", "datetime_start"))
_OPTUNA_SETTING, _OPTUNA_OWN = "params_", ("user_attrs_", "system_attrs_")
_SKLEARN = "mean_test_score"
_SKLEARN_SETTING = "param_"
_SKLEARN_OWN = ("rank_test_", "split", "params", "std_", "mean_fit", "mean_score")

_ID_NAMES: Marks = (
    *("trial", "trial_id", "run_id", "trial_index", "number", "run", "id", "name"),
    *("run_name", "arm_name", "experiment", "experiment_name", "job"),
)
# The numbers of the rows, as pandas and R write them.
_ROW_NAMES = frozenset(("", "index", "unnamed_0"))
_STATUS_NAMES = frozenset(
    ("status", "state", "trial_status", "run_status", "job_status", "run_state", "job_state")
)
# Whatever stands in these, it is the name of a trial, and never what was set.
_IDS = frozenset(("trial_id", "run_id", "trial_index"))
_SURE_IDS = _IDS | {"trial"}
# Where a row is a trial, only these say at which step its values stand, the best first; where a row
# is a step, these do too.
STEP_NAMES: Marks = (
    *("step", "global_step", "trainer_global_step", "train_global_step"),
    "training_iteration",
)
WEAK_STEP_NAMES: Marks = ("iteration", "iter", "update", "epoch")
_WALL_NAMES = frozenset(
    {"wall_s", "runtime", "duration", "time_total_s", "elapsed", "wall_time", "walltime"}
    | {"wall_clock", "wallclock"}
)
_OWN_NAMES = frozenset(
    {"created", "created_at", "updated", "updated_at", "start_time", "end_time", "started"}
    | {"finished", "date", "datetime", "datetime_start", "datetime_complete", "timestamp"}
    | {"heartbeat_at", "user", "username", "owner", "author", "host", "hostname", "node_ip"}
    | {"pid", "notes", "note", "comment", "comments", "description", "tags", "path", "logdir"}
    | {"log_dir", "output_dir", "save_dir", "run_dir", "url", "link", "commit", "git_commit"}
    | {"git_sha", "sha", "source_name", "source_type", "artifact_uri", "experiment_id", "git"}
    | {"experiment_tag", "done", "should_checkpoint", "checkpoint_dir_name", "time_this_iter_s"}
    | {"iterations_since_restore", "time_since_restore", "timesteps_total", "episodes_total"}
    | {"job_type", "sweep", "sweep_id", "entity", "gpu_type", "gpu_count", "cpu_count"}
    | {"generation_method", "generation_node", "display_name", "job_id", "show_metrics"}
    | {"slurm_job_id", "uuid", "run_name", "logfile", "log_file", "jobid"}
    | _IDS
)
# Columns of W&B's own about a run; other tables may mean a setting by some of these.
_WANDB_NAMES = frozenset(
    {"Name", "State", "Notes", "User", "Tags", "Created", "Runtime", "Sweep", "ID", "Group"}
    | {"Job Type", "Updated", "End Time", "Hostname", "GPU Type", "GPU Count", "Commit", "Host"}
    | {"Description", "Path", "Project", "Entity", "Agent", "Git", "Username", "URL", "CPU Count"}
    | {"Run ID", "Start Time", "Server", "Python Version", "OS", "Command", "Github"}
)
# Where W&B says which sweep, whose schedule may end a run, a run belongs to.
SWEEP = "Sweep"
_WANDB_SURE = frozenset(("State", "Created", "Runtime", "Sweep", "Notes", "Tags", "User"))
# The ends of the columns of a chart that hold the spread of a value.
CHART_BOUNDS = ("__MIN", "__MAX")
# What was measured, in the last word of a name, or before the place where it was.
_MEASURES = frozenset(
    {"accuracy", "acc", "error", "err", "perplexity", "ppl", "bleu", "f1", "auc", "auroc", "auprc"}
    | {"reward", "return", "rmse", "mse", "mae", "mape", "bpb", "bpc", "iou", "miou", "map", "ap"}
    | {"dice", "psnr", "ssim", "fid", "wer", "cer", "rouge", "score", "precision", "recall", "mrr"}
    | {"ndcg", "elbo", "objective", "kappa", "mcc", "hits", "regret", "likelihood", "logloss"}
)
# Measures with a number in their name, and what stands beside a number of ranks.
_NUMBERED = ("f1", "r2", "f1score")
_BEHIND = frozenset(("top", "at", "k", "l", "std", "stderr", "sem", "ci", "roc", "rate", "pct"))
# What came out best is no setting, and 16 bits are: of a measure by that name, a place tells.
_BEST, _MAY_BE_SET = "best", ["precision"]


def plain(name: str) -> str:
    """A name in small letters, its words joined by `_`.

    >>> plain("Run ID"), plain("_runtime"), plain("Unnamed: 0"), plain("trainer/global_step")
    ('run_id', 'runtime', 'unnamed_0', 'trainer_global_step')
    """
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def is_wandb(names: Sequence[str]) -> bool:
    """Whether a header is that of W&B's table of runs, by columns that nobody else has."""
    return "Name" in names and bool(_WANDB_SURE & set(names))


def is_chart(names: Sequence[str]) -> bool:
    """Whether a header is that of a chart of W&B: a step, then a column for each run.

    >>> is_chart(["Step", "run-1 - loss", "run-1 - loss__MIN"]), is_chart(["lr", "top-1 - acc"])
    (True, False)
    """
    runs = [name for name in names[1:] if " - " in name or name.endswith(CHART_BOUNDS)]
    return bool(runs) and (len(runs) == len(names) - 1) and not known(names[0])


def unmarked(names: Sequence[str]) -> list[tuple[str, str]]:
    """Each name without its tool's mark, and what the mark says: `setting`, `result`, `own` or ``.

    >>> unmarked(["params.lr", "metrics.loss", "run_id"])
    [('lr', 'setting'), ('loss', 'result'), ('run_id', '')]
    """
    setting_marks, own_marks = _SETTING_MARKS, _OWN_MARKS
    if len(_OPTUNA & set(names)) > 1:
        setting_marks, own_marks = (_OPTUNA_SETTING,), _OPTUNA_OWN
    elif _SKLEARN in names:
        setting_marks, own_marks = (_SKLEARN_SETTING,), _SKLEARN_OWN
    roles = {"own": own_marks, "setting": setting_marks, "result": _RESULT_MARKS}
    marks = [(mark, role) for role, some in roles.items() for mark in some]
    found = []
    for name in names:
        said = next(((mark, role) for mark, role in marks if name.startswith(mark)), ("", ""))
        bare = name.removeprefix(said[0]) if said[1] != "own" else name
        found.append((bare, said[1]) if bare else (name, ""))
    return found


def id_rank(name: str) -> int:
    """How likely a column of this name holds the names of the trials: 0 for surely, -1 for none."""
    return _ID_NAMES.index(plain(name)) if plain(name) in _ID_NAMES else -1


def is_surely_id(name: str) -> bool:
    """Whether a column of this name holds the names of trials even where two of them are alike."""
    return plain(name) in _SURE_IDS


def is_status(name: str) -> bool:
    """Whether a column of this name may say how trials ended."""
    return plain(name) in _STATUS_NAMES


def is_wall(name: str) -> bool:
    """Whether a column of this name says how long a trial took."""
    return plain(name) in _WALL_NAMES


def may_be_step(name: str) -> bool:
    """Whether a column of this name may count the steps of a trial."""
    return plain(name) in STEP_NAMES + WEAK_STEP_NAMES


def is_own(name: str, *, wandb: bool) -> bool:
    """Whether a column of this name is a tool's or a person's bookkeeping.

    >>> is_own("Created At", wandb=False), is_own("Group", wandb=True), is_own("group", wandb=False)
    (True, True, False)
    """
    return plain(name) in _OWN_NAMES | _ROW_NAMES or (wandb and name in _WANDB_NAMES)


def is_tools_own(name: str, *, wandb: bool) -> bool:
    """Whether nobody would take a column of this name for theirs, so that it need not be told."""
    return (
        plain(name) in _ROW_NAMES or name.startswith(_OWN_MARKS) or (wandb and name in _WANDB_NAMES)
    )


def is_result(name: str) -> bool:
    """Whether a number of this name is a result, by what it says was measured, and on what.

    >>> [is_result(name) for name in ("val_acc", "Test Accuracy", "train/x", "grad_norm", "loss")]
    [True, True, True, True, True]
    >>> [is_result(name) for name in ("mIoU", "f1", "acc_top1", "best_epoch", "val_precision")]
    [True, True, True, True, True]
    >>> [is_result(name) for name in ("train.lr", "loss_weight", "score_threshold", "precision")]
    [False, False, False, False]
    """
    if known_metric(name) or is_loss(name):
        return True
    segments = words(name)
    lists = word_lists("metric")
    places = lists["train"] | lists["valid"] | lists["test"]
    if len(segments) > 1 and "/" in name and set(segments[0]) <= places:
        return True  # also `train/learning_rate`, as it was logged
    if known(name) is not None:
        return False
    last = segments[-1]
    said = [word for word in last if word not in places | lists["idle"] and not word.isdigit()]
    measured = [word for word in said if word in _MEASURES]
    if not said or said == _MAY_BE_SET:
        return plain("".join(last)).endswith(_NUMBERED) or (bool(said) and bool(set(last) & places))
    return (
        said[0] == _BEST
        or plain("".join(last)).endswith(_NUMBERED)
        or "".join(said) in _MEASURES
        or said[-1] in _MEASURES
        or (bool(measured) and set(said[said.index(measured[0]) + 1 :]) <= _BEHIND)
    )


def is_setting(name: str) -> bool:
    """Whether a name is that of a common hyperparameter."""
    return known(name) is not None


def setting_name(name: str) -> str:
    """The common hyperparameter of a name, or the name itself where it is none."""
    entry = known(name)
    return entry.name if entry else name
