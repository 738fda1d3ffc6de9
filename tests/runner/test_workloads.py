"""The same workload inline, in processes and in stacks: the same values, ends and words."""

import pytest
from tests.runner.sample import HERE, assignment, end, of, played, rows
from tests.runner.works import INPUTS, Plain

from etude.errors import RunError, WorkloadError
from etude.event import Began, Ended, Refused, Rehearsed, Saved
from etude.runner.inline import Inline
from etude.runner.processes import Processes
from etude.runner.user_code import train_function
from etude.runner.vectorized import Vectorized
from etude.train.torch.examples import Order
from etude.train.workload import Workload, workload_of

SETTING = {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 4}


def inline(name):
    return Inline(lambda: train_function(f"works.py:{name}", HERE))


def processes(name):
    return Processes(f"works.py:{name}", HERE, workers=1)


def vectorized(name, width=4):
    return Vectorized(lambda: train_function(f"works.py:{name}", HERE), width=width)


def wide(name):
    """Stacks in a worker process."""
    runner = Processes(f"works.py:{name}", HERE, workers=1)
    runner.widen(4)
    return runner


RUNNERS = {"inline": inline, "processes": processes, "vectorized": vectorized, "wide": wide}


@pytest.fixture(params=["inline", "vectorized"])
def runner(request):
    """Makes a runner of a workload in `works.py`, in this process."""
    return RUNNERS[request.param]


@pytest.fixture(params=RUNNERS)
def any_runner(request):
    """The same, or one with a worker process, which takes a second to start."""
    return RUNNERS[request.param]


def trial(folder, **given):
    return assignment(folder, **{"setting": SETTING, **given})


def test_events_come_in_the_order_in_which_they_happened(any_runner, tmp_path):
    events = played(any_runner("Plain"), trial(tmp_path))

    assert events[0] == Began(0, 0)
    assert [event.step for event in events if isinstance(event, Saved)][-1] == 7
    assert (end(events).status, end(events).steps) == ("completed", 8)
    assert [step for step, name, _ in rows(events) if name == "valid/loss"] == [1, 3, 5, 7]
    assert [step for step, name, _ in rows(events) if name == "grad_norm"] == list(range(8))


def test_every_runner_makes_the_same_values(tmp_path):
    several = {
        name: [
            row[2]
            for number in range(3)
            for row in rows(of(played(make("Plain"), *trials(tmp_path / name)), number))
        ]
        for name, make in RUNNERS.items()
    }

    assert several["processes"] == several["inline"]
    assert several["vectorized"] == several["wide"]
    assert several["vectorized"] == pytest.approx(several["inline"], rel=1e-12)


def trials(folder):
    return [trial(folder, id=number, seed=number) for number in range(3)]


def test_one_stack_with_all_threads_takes_one_worker(tmp_path):
    runner = Processes("works.py:Threads", HERE, workers=2)
    runner.widen(4, threads=3)

    events = played(runner, *trials(tmp_path))

    assert {value for event in events for _, name, value in rows([event]) if "loss" in name} >= {
        3.0
    }
    assert (runner.workers, runner.slots) == (1, 4)


def test_a_trial_killed_after_its_last_checkpoint_has_only_to_end(runner, tmp_path):
    played(runner("Plain"), trial(tmp_path))

    resumed = played(runner("Plain"), trial(tmp_path, resume_step=7))

    assert rows(resumed) == []
    assert (end(resumed).status, end(resumed).steps) == ("completed", 8)


@pytest.mark.parametrize(
    ("name", "reason", "detail"),
    [
        ("Nan", "nan", "`train/loss` is nan at step 0."),
        ("RunsOutOfMemory", "out_of_memory", "MemoryError"),
        ("Raises", "error", "ValueError: no width 3"),
        ("AsksWrongly", "error", "'widht'"),
    ],
)
def test_a_setting_that_cannot_be_trained_says_why(runner, tmp_path, name, reason, detail):
    ended = end(played(runner(name), trial(tmp_path)))

    assert (ended.status, ended.reason) == ("infeasible", reason)
    assert detail in ended.detail
    assert "src/etude" not in ended.detail


@pytest.mark.parametrize(
    ("name", "kind", "detail"),
    [
        ("Misreports", "metric", "has `valid/error`, `valid/lost`"),
        ("FillsTheDisk", "disk", "No space left on device"),
        ("NoScalar", "input", "`loss` returned a tensor of shape (4, 1); return one number"),
        ("NoTensor", "input", "`loss` returned float; return a tensor"),
        ("NoModel", "input", "`model` returned int; return a `torch.nn.Module`"),
        ("OddMetric", "input", "the metric `loss` has shape (12, 1) for a batch of 12"),
        ("WordMetric", "input", "the metric `loss` is str. Return its mean, or one value"),
        ("NothingToTrain", "input", "nothing to train. Give it a parameter"),
        ("Ragged", "input", "several shapes, (1,) and (2,) among them. Give all one shape"),
        ("Words", "input", "An example holds str, which no tensor can hold. Give tensors"),
    ],
)
def test_what_keeps_every_trial_from_being_trained_is_refused(runner, tmp_path, name, kind, detail):
    refused = end(played(runner(name), trial(tmp_path)))

    assert isinstance(refused, Refused)
    assert refused.kind == kind
    assert detail in refused.detail


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
        told = end(played(any_runner(name), trial(tmp_path))).detail
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

    refused = end(played(vectorized("Plain"), trial(tmp_path, setting=setting)))

    assert said in refused.detail
    assert isinstance(refused, Refused)


def test_a_value_that_cannot_be_is_its_trials_fault(runner, tmp_path):
    bad = trial(tmp_path, setting={**SETTING, "learning_rate": -1.0})

    events = played(runner("Plain"), bad, trial(tmp_path, id=1))

    assert end(of(events, 0)).status == "infeasible"
    assert "`learning_rate` is -1; sgd needs it at least 0." in end(of(events, 0)).detail
    assert end(of(events, 1)).status == "completed"


def test_a_trial_that_raises_in_its_course_takes_no_other_with_it(any_runner, tmp_path):
    meets = {n for n in range(8) if 7 in Order(400, 4, n).rows(0, 30)}
    several = [trial(tmp_path, id=n, seed=n, max_steps=30) for n in range(8)]

    events = played(any_runner("RaisesForSome"), *several)

    ended = {n: end(of(events, n)) for n in range(8)}
    assert {n for n, one in ended.items() if one.status == "infeasible"} == meets
    assert 0 < len(meets) < 8
    assert all("example 7 cannot be read" in ended[n].detail for n in meets)


def test_it_goes_up_to_the_step_that_raises(any_runner, tmp_path):
    first = {n: first_meeting(n) for n in range(8)}
    late = max((n for n in first if first[n]), key=first.__getitem__)
    several = [
        trial(tmp_path, id=n, seed=n, max_steps=80) for n in first if n == late or not first[n]
    ]

    events = played(any_runner("RaisesForSome"), *several)

    ended = end(of(events, late))
    assert (ended.status, ended.steps) == ("infeasible", first[late])
    assert 'raise ValueError("example 7 cannot be read")' in ended.detail
    losses = [step for step, name, _ in rows(of(events, late)) if name == "train/loss"]
    assert losses == list(range(first[late]))
    others = [end(of(events, one.id)).status for one in several if one.id != late]
    assert set(others) == {"completed"}


def first_meeting(seed):
    """The step of 80 at which a trial first meets example 7; 0 for none."""
    found = (Order(400, 4, seed).rows(0, 80) == 7).any(1).nonzero()
    return int(found[0]) if len(found) else 0


def test_a_rehearsal_tells_what_nobody_read(any_runner, tmp_path):
    setting = {**SETTING, "width": 8, "beta1": 0.9}

    (event,) = played(
        any_runner("Plain"), trial(tmp_path, setting=setting, rehearsal=True, max_steps=2)
    )

    assert event.unread == ("beta1", "width")


@pytest.mark.parametrize("name", ["processes", "wide"])
def test_what_a_model_prints_goes_to_its_trials_log(tmp_path, name):
    played(RUNNERS[name]("Prints"), *trials(tmp_path))

    logs = [(tmp_path / "trials" / str(n) / "log.txt").read_text() for n in range(3)]

    assert [log.count("a word\n") for log in logs] == [1, 1, 1]


def test_trials_that_are_handed_over_together_begin_in_one_stack(tmp_path):
    runner = wide("Counts")
    several = trials(tmp_path)

    runner.submit(several)
    played(runner)

    logs = [(tmp_path / "trials" / str(n) / "log.txt") for n in range(3)]
    asked = [log.read_text().count("asked") if log.exists() else 0 for log in logs]
    assert asked == [1, 0, 0]


def test_a_rehearsal_sends_its_times_alone(runner, tmp_path):
    (event,) = played(runner("Plain"), trial(tmp_path, rehearsal=True, max_steps=2, evaluations=1))

    assert isinstance(event, Rehearsed)
    assert min(event.step_s, event.evaluation_s) > 0


def test_a_trial_past_its_limit_is_stopped_and_keeps_its_best(runner, tmp_path):
    ended = end(played(runner("Plain"), trial(tmp_path, max_steps=10**7, max_wall_s=0.5)))

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

    told = end(played(vectorized("NoSlope"), tried)).detail

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
