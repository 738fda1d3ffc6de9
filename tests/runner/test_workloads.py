"""A workload of PyTorch through the runners, beside the contract: words, workers, limits."""

import pytest
from tests.runner.libraries import IN_THIS_PROCESS, KINDS, SETTING, runner_of, trial, trials
from tests.runner.sample import HERE, end, events_of, of, rows
from tests.runner.works import INPUTS, Plain

from etude.errors import RunError, WorkloadError
from etude.event import Ended, Refused, Rehearsed
from etude.runner.processes import Processes
from etude.runner.vectorized import Vectorized
from etude.train.workload import Workload, workload_of


@pytest.fixture(params=IN_THIS_PROCESS)
def runner(request):
    """Makes a runner of a workload in `works.py`, in this process."""
    return runner_of("torch", request.param)


@pytest.fixture(params=KINDS)
def any_runner(request):
    """The same, or one with a worker process, which takes a second to start."""
    return runner_of("torch", request.param)


def test_one_stack_with_all_threads_takes_one_worker(tmp_path):
    runner = Processes("works.py:Threads", HERE, workers=2)
    runner.widen(4, threads=3)

    events = events_of(runner, *trials(tmp_path))

    assert {value for event in events for _, name, value in rows([event]) if "loss" in name} >= {
        3.0
    }
    assert (runner.workers, runner.slots) == (1, 4)


def test_a_trial_killed_after_its_last_checkpoint_has_only_to_end(runner, tmp_path):
    events_of(runner("Plain"), trial(tmp_path))

    resumed = events_of(runner("Plain"), trial(tmp_path, resume_step=7))

    assert rows(resumed) == []
    assert (end(resumed).status, end(resumed).steps) == ("completed", 8)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NoScalar", "`loss` returned a tensor of shape (4, 1); return one number"),
        ("Empty", "`training` is empty. Check where it is read."),
        ("RunsOutOfMemory", "MemoryError"),
    ],
)
def test_every_runner_tells_alike_what_is_wrong(any_runner, tmp_path, name, said):
    try:
        told = end(events_of(any_runner(name), trial(tmp_path))).detail
    except WorkloadError as error:  # in this process it reaches who loads
        told = str(error)

    assert said in told


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"optimizer": None}, "The loop needs `optimizer` in every trial"),
        ({"learning_rate": None, "batch_size": None}, "needs `learning_rate`, `batch_size`"),
        ({"optimizer": "adam"}, "needs `beta1`, `beta2`, `epsilon`"),
        ({"optimizer": "adan"}, "no optimizer `adan`. Did you mean `adam`?"),
        ({"lr": 0.1}, "reads `learning_rate`, which the experiment calls `lr`. Rename it."),
        ({"momentum": 0.9}, "`sgd` has no momentum"),
        ({"batch_size": 2.5}, "`batch_size` needs a whole number, 1 or more, got 2.5. Write it so"),
        ({"batch_size": "4"}, "`batch_size` needs a whole number, 1 or more, got '4'"),
        ({"batch_size": 100}, "`batch_size` is 100, but there are 12 examples"),
        ({"schedule": "cosin"}, "no schedule `cosin`. Did you mean `cosine`?"),
    ],
)
def test_a_setting_that_the_loop_cannot_read_is_refused(tmp_path, given, said):
    setting = {name: value for name, value in {**SETTING, **given}.items() if value is not None}

    refused = end(
        events_of(runner_of("torch", "vectorized")("Plain"), trial(tmp_path, setting=setting))
    )

    assert said in refused.detail
    assert isinstance(refused, Refused)


def test_a_value_that_cannot_be_is_its_trials_fault(runner, tmp_path):
    bad = trial(tmp_path, setting={**SETTING, "learning_rate": -1.0})

    events = events_of(runner("Plain"), bad, trial(tmp_path, id=1))

    assert end(of(events, 0)).status == "infeasible"
    assert "`learning_rate` is -1; sgd needs it at least 0." in end(of(events, 0)).detail
    assert end(of(events, 1)).status == "completed"


@pytest.mark.parametrize("name", ["processes", "wide"])
def test_what_a_model_prints_goes_to_its_trials_log(tmp_path, name):
    events_of(runner_of("torch", name)("Prints"), *trials(tmp_path))

    logs = [(tmp_path / "trials" / str(n) / "log.txt").read_text() for n in range(3)]

    assert [log.count("a word\n") for log in logs] == [1, 1, 1]


def test_trials_that_are_handed_over_together_begin_in_one_stack(tmp_path):
    runner = runner_of("torch", "wide")("Counts")
    several = trials(tmp_path)

    runner.submit(several)
    events_of(runner)

    logs = [(tmp_path / "trials" / str(n) / "log.txt") for n in range(3)]
    asked = [log.read_text().count("asked") if log.exists() else 0 for log in logs]
    assert asked == [1, 0, 0]


def test_a_rehearsal_sends_its_times_alone(runner, tmp_path):
    (event,) = events_of(
        runner("Plain"), trial(tmp_path, rehearsal=True, max_steps=2, evaluations=1)
    )

    assert isinstance(event, Rehearsed)
    assert min(event.step_s, event.evaluation_s) > 0


def test_a_trial_past_its_limit_is_stopped_and_keeps_its_best(runner, tmp_path):
    ended = end(events_of(runner("Plain"), trial(tmp_path, max_steps=10**7, max_wall_s=0.5)))

    assert isinstance(ended, Ended)
    assert (ended.status, ended.reason) == ("stopped", "time_limit")


def test_a_plain_function_cannot_be_put_in_stacks():
    runner = Vectorized(lambda: lambda trial: 1.0)

    with pytest.raises(RunError, match="needs a workload"):
        runner._load_train()


def test_what_a_workload_lacks_is_told_all_at_once():
    class Half:
        def model(self, setting): ...
        def loss(self, predict, batch, setting): ...

    with pytest.raises(
        WorkloadError, match=r"`Half` lacks `metrics\(predict, batch\)`, `training`"
    ):
        workload_of(Half)


def test_a_loss_without_a_gradient_is_refused_where_every_round_begins(tmp_path):
    tried = trial(tmp_path, rehearsal=True, max_steps=2)

    told = end(events_of(runner_of("torch", "vectorized")("NoSlope"), tried)).detail

    assert "`loss` returned a tensor without a gradient. Compute it from `predict`" in told


def test_a_workload_that_cannot_be_made_without_arguments_says_so():
    class Asks(Plain):
        def __init__(self, folder): ...

    with pytest.raises(WorkloadError, match=r"`Asks` is made without arguments\. Give each param"):
        workload_of(Asks)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"training": []}, "`training` is empty"),
        ({"training": ([1, 2], [1])}, "the parts of `training` differ in length: 1, 2"),
        ({"training": [INPUTS, INPUTS[:, 0]]}, "(12, 1) and (12,). If they are inputs and labels"),
        ({"validation": 3}, "`validation` is int"),
        ({"validation": lambda: [1]}, "`validation` is a function; call it"),
        ({"loss": lambda predict, batch: 0}, "`loss` cannot be called as `loss(predict, batch, s"),
        ({"model": None}, "`model` cannot be called as `model(setting)`"),
    ],
)
def test_a_workload_refuses_to_be_wrong(given, said):
    right = {
        "model": lambda setting: None,
        "loss": lambda predict, batch, setting: None,
        "metrics": lambda predict, batch: {},
        "training": [1],
        "validation": [1],
    }

    with pytest.raises(WorkloadError) as told:
        Workload(**{**right, **given})

    assert said in str(told.value)
