"""What every runner does with every workload, whichever library trains it."""

import shutil

import pytest
from tests.runner.libraries import IN_THIS_PROCESS, KINDS, SETTING, runner_of, trial, trials
from tests.runner.sample import end, events_of, of, rows

from etude.event import Began, Refused, Saved, Unrestored
from etude.train.torch.examples import Order  # JAX's gives the same

# A worker takes a second to start, and one with JAX three.
RUNNERS = [*(("torch", kind) for kind in KINDS), *(("jax", kind) for kind in IN_THIS_PROCESS)]
# How near stacks in a worker come to stacks here, and those to one trial after another.
LOOSE = {"torch": (0.0, 1e-12), "jax": (1e-5, 1e-4)}


@pytest.fixture(scope="module", params=RUNNERS, ids="-".join)
def runner(request):
    """Makes a runner of a workload by its name."""
    return runner_of(*request.param)


@pytest.fixture(scope="module")
def plain(runner, tmp_path_factory):
    """A folder in which a plain trial was trained, and its events."""
    folder = tmp_path_factory.mktemp("plain")
    return folder, events_of(runner("Plain"), trial(folder))


@pytest.fixture(params=IN_THIS_PROCESS)
def kind(request):
    return request.param


def test_events_come_in_the_order_in_which_they_happened(plain):
    _, events = plain

    assert events[0] == Began(0, 0)
    assert [event.step for event in events if isinstance(event, Saved)][-1] == 7
    assert (end(events).status, end(events).steps) == ("completed", 8)
    assert [step for step, name, _ in rows(events) if name == "valid/loss"] == [1, 3, 5, 7]
    assert [step for step, name, _ in rows(events) if name == "grad_norm"] == list(range(8))


def test_a_torn_checkpoint_is_never_handed_over(runner, plain, tmp_path):
    folder, events = plain
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    last = [event for event in events if isinstance(event, Saved)][-1]
    (tmp_path / "checkpoints" / "0" / "7" / "optimizer.safetensors").write_bytes(b"")

    torn = trial(tmp_path, resume_step=7, resume_contents=last.contents)
    resumed = events_of(runner("Plain"), torn)

    assert resumed == [Unrestored(0, 7)]


@pytest.mark.parametrize("library", LOOSE)
def test_every_runner_makes_the_same_values(tmp_path, library):
    events = {
        kind: events_of(runner_of(library, kind)("Plain"), *trials(tmp_path / kind))
        for kind in KINDS
    }
    several = {
        kind: [row[2] for number in range(3) for row in rows(of(events[kind], number))]
        for kind in KINDS
    }

    assert several["processes"] == several["inline"]
    assert several["wide"] == pytest.approx(several["vectorized"], rel=LOOSE[library][0], abs=0)
    assert several["vectorized"] == pytest.approx(several["inline"], rel=LOOSE[library][1])


@pytest.mark.parametrize(
    ("library", "name", "reason", "detail"),
    [
        ("torch", "Nan", "nan", "`train/loss` is nan at step 0."),
        ("torch", "AsksWrongly", "error", "'widht'"),
        ("torch", "Raises", "error", "ValueError: no width 3"),
        ("torch", "RunsOutOfMemory", "out_of_memory", "MemoryError"),
        ("jax", "Nan", "nan", "`train/loss` is nan at step 0."),
        ("jax", "AsksWrongly", "error", "'widht'"),
        ("jax", "RaisesInLoss", "error", "ValueError: no loss today"),
    ],
)
def test_a_setting_that_cannot_be_trained_says_why(kind, tmp_path, library, name, reason, detail):
    ended = end(events_of(runner_of(library, kind)(name), trial(tmp_path)))

    assert (ended.status, ended.reason) == ("infeasible", reason)
    assert detail in ended.detail
    assert "src/etude" not in ended.detail


@pytest.mark.parametrize(
    ("library", "name", "refusal", "detail"),
    [
        ("torch", "Misreports", "metric", "has `valid/error`, `valid/lost`"),
        ("torch", "FillsTheDisk", "disk", "No space left on device"),
        ("torch", "NoScalar", "input", "`loss` returned a tensor of shape (4, 1); return one num"),
        ("torch", "NoTensor", "input", "`loss` returned float; return a tensor"),
        ("torch", "NoModel", "input", "`model` returned int; return a `torch.nn.Module`"),
        ("torch", "OddMetric", "input", "the metric `loss` has shape (12, 1) for a batch of 12"),
        ("torch", "WordMetric", "input", "the metric `loss` is str. Return its mean, or one value"),
        ("torch", "NothingToTrain", "input", "nothing to train. Give it a parameter"),
        ("torch", "Ragged", "input", "several shapes, (1,) and (2,) among them. Give all one"),
        ("torch", "Words", "input", "An example holds str, which no tensor can hold. Give tensors"),
        ("jax", "Misreports", "metric", "has `valid/lost`"),
        ("jax", "NoScalar", "input", "`loss` returned an array of shape (4, 1); return one number"),
        ("jax", "NoArray", "input", "`loss` returned float; return an array"),
        ("jax", "NoModel", "input", "`model` returned int; return"),
        ("jax", "Counts", "input", "the parameters are float32, int32. Make them all one of"),
        ("jax", "Flax", "input", "`model` returned a module of flax, whose `init` asks for inputs"),
        ("jax", "OddMetric", "input", "the metric `loss` has shape (12, 1) for a batch of 12"),
    ],
)
def test_what_keeps_every_trial_from_being_trained_is_refused(
    kind, tmp_path, library, name, refusal, detail
):
    refused = end(events_of(runner_of(library, kind)(name), trial(tmp_path)))

    assert isinstance(refused, Refused)
    assert refused.kind == refusal
    assert detail in refused.detail


def test_it_goes_up_to_the_step_that_raises_and_takes_no_other_with_it(runner, tmp_path):
    first = {number: first_meeting(number) for number in range(8)}
    meets = {number: step for number, step in first.items() if step >= 0}
    several = [trial(tmp_path, id=n, seed=n, max_steps=30) for n in first]

    events = events_of(runner("RaisesForSome"), *several)

    ended = {number: end(of(events, number)) for number in first}
    assert 0 < len(meets) < len(first)
    statuses = {number: one.status for number, one in ended.items()}
    assert statuses == {n: "infeasible" if n in meets else "completed" for n in first}
    assert {number: ended[number].steps for number in meets} == meets
    raised = 'raise ValueError("example 7 cannot be read")'
    assert [raised in ended[number].detail for number in meets] == [True] * len(meets)
    losses = {number: steps_of(events, number, "train/loss") for number in meets}
    assert losses == {number: list(range(step)) for number, step in meets.items()}


def steps_of(events, number, metric):
    return [step for step, name, _ in rows(of(events, number)) if name == metric]


def first_meeting(seed):
    """The step of 30 at which a trial first meets example 7; -1 for none."""
    meetings = (Order(400, 4, seed).rows(0, 30) == 7).any(1).nonzero()
    return int(meetings[0]) if len(meetings) else -1


def test_a_rehearsal_tells_what_nobody_read_and_how_long_a_step_takes(runner, tmp_path):
    setting = {**SETTING, "width": 8, "beta1": 0.9}

    (event,) = events_of(
        runner("Plain"), trial(tmp_path, setting=setting, rehearsal=True, max_steps=2)
    )

    assert event.unread == ("beta1", "width")
    assert event.step_s > 0


def test_an_end_says_what_neither_the_loop_nor_the_workload_read(runner, tmp_path):
    setting = {**SETTING, "beta1": 0.9, "width": 8, "smoothing": 0.5, "depth": 3}
    several = [trial(tmp_path, id=n, seed=n, setting=setting) for n in range(2)]

    events = events_of(runner("Reads"), *several)

    assert [end(of(events, n)).unread for n in range(2)] == [("beta1", "depth")] * 2
