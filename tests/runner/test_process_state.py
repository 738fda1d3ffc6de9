"""Process-wide state that trials change is put back, whatever ran before in their process."""

import importlib
import importlib.util
import logging
import os
import sys
import threading

import pytest
from tests.runner import changes
from tests.runner.sample import HERE, assignment, events_of, of, rows

from etude.runner.inline import Inline
from etude.runner.library_state import GENERATORS
from etude.runner.process_state import KINDS, ProcessState, generator_states, read
from etude.runner.processes import Processes
from etude.runner.python_state import SERVICES
from etude.runner.user_code import train_function

# What no test here can change and undo, each with the reason.
ALONE = {
    "PyTorch's number of threads between operators": "PyTorch takes it once a process",
    "PyTorch's CUDA device": "there is one device, or none",
}
RUNNERS = {
    "inline": lambda name: Inline(lambda: train_function(f"changes.py:{name}", HERE)),
    **{
        f"{count} workers": lambda name, count=count: Processes(
            f"changes.py:{name}", HERE, workers=count
        )
        for count in (1, 2, 4)
    },
}
# pytest has an alarm of its own, so workers alone are asked; JAX may be missing.
OTHERS = {"the alarm"} | (set() if importlib.util.find_spec("jax") else {"JAX's configuration"})


@pytest.fixture(autouse=True)
def untouched():
    """This process as it was, after each test."""
    with ProcessState().restored():
        yield


def trials(folder, count=changes.TRIALS):
    tried = assignment(folder, rehearsal=True, max_steps=2, evaluations=1)
    several = [assignment(folder, id=number, seed=number + 5) for number in range(count)]
    return [tried, *several]


def found(events, number):
    return {name: value for _, name, value in rows(of(events, number)) if name.startswith("found")}


def test_every_kind_has_its_law():
    assert changes.CHANGES.keys() | ALONE.keys() == KINDS.keys()


@pytest.mark.parametrize("name", sorted(changes.CHANGES.keys() - OTHERS))
def test_what_is_changed_is_put_back(name):
    importlib.import_module(KINDS[name].library)
    with ProcessState().restored(1):
        changes.CHANGES[name]()  # imports what it takes: what an import sets stays
    before = read()

    with ProcessState().restored(1):
        changes.CHANGES[name]()
        changed = read()

    assert changed[name] != before[name]
    assert read() == before


@pytest.fixture(scope="module")
def finds(tmp_path_factory):
    """What every trial found, by runner."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # whatever the number of workers
            patch.setenv(name, "1")
        yield _finds(tmp_path_factory)


def _finds(tmp_path_factory):
    folders = {name: tmp_path_factory.mktemp("run") for name in RUNNERS}
    all_events = {
        name: events_of(make("changes_all"), *trials(folders[name]))
        for name, make in RUNNERS.items()
    }
    return {
        name: [found(events, number) for number in range(changes.TRIALS)]
        for name, events in all_events.items()
    }


@pytest.mark.parametrize("runner", RUNNERS)
def test_no_trial_finds_what_another_changed(finds, runner):
    first, *others = [
        {name: value for name, value in one.items() if name.removeprefix("found/") in KINDS}
        for one in finds[runner]
    ]

    assert len(first) >= len(changes.CHANGES) - 3
    assert others == [first] * (changes.TRIALS - 1)


@pytest.mark.parametrize("runner", RUNNERS)
def test_generators_are_seeded_from_the_trial(finds, runner):
    draws = [
        [
            {name: one[f"found/{name}"] for name in ("random", "numpy", "torch")}
            for one in finds[which]
        ]
        for which in ("inline", runner)
    ]

    assert draws[0] == draws[1]
    assert len({tuple(one.values()) for one in draws[0]}) == changes.TRIALS


def test_what_a_late_import_sets_stays_and_moves_no_generator(tmp_path):
    """A module that trials import sets up its process once, in whichever trial that is."""
    values = [
        {number: rows(of(events, number)) for number in range(4)}
        for events in (
            events_of(
                Processes("changes.py:imports_torch_lately", HERE, workers=count),
                *trials(tmp_path / str(count), 4),
            )
            for count in (1, 2)
        )
    ]

    assert values[0] == values[1]
    assert {int(value) // 8 for one in values[0].values() for _, _, value in one} == {1}


@pytest.fixture
def imports(tmp_path, monkeypatch):
    """Imports a module of these lines as a trial does."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "modules", {**sys.modules})

    def importing(*lines):
        (tmp_path / "imported_by_a_trial.py").write_text("\n".join(lines))
        sys.modules.pop("imported_by_a_trial", None)
        importlib.invalidate_caches()
        importlib.import_module("imported_by_a_trial")

    return importing


def test_an_import_keeps_its_own_variable_and_not_the_trials(imports, monkeypatch):
    for name in ("OF_THE_TRIAL", "OF_THE_MODULE", "TAKEN_AWAY"):
        monkeypatch.setenv(name, "before")
    with ProcessState().restored(0):
        os.environ["OF_THE_TRIAL"] = "changed"
        imports("import os", "os.environ['OF_THE_MODULE'] = 'set'", "del os.environ['TAKEN_AWAY']")

    assert os.environ["OF_THE_TRIAL"] == "before"
    assert os.environ["OF_THE_MODULE"] == "set"
    assert "TAKEN_AWAY" not in os.environ


def test_an_import_keeps_its_own_path_and_logger_and_not_the_trials(imports):
    path, level = [*sys.path], logging.getLogger("mine").level
    with ProcessState().restored(0):
        sys.path.insert(0, "/of_the_trial")
        logging.getLogger("mine").setLevel("ERROR")
        imports(
            "import logging, sys, warnings",
            "sys.path.insert(0, '/of_the_module')",
            "logging.getLogger('its').setLevel('ERROR')",
        )
    found, levels = [*sys.path], [logging.getLogger(name).level for name in ("mine", "its")]
    sys.path[:] = path
    logging.getLogger("its").setLevel(logging.NOTSET)

    assert found == ["/of_the_module", *path]
    assert levels == [level, logging.ERROR]


def test_an_import_keeps_its_own_flag_of_several_and_not_the_trials(imports):
    torch = importlib.import_module("torch")
    autocast = KINDS["PyTorch's autocast"]
    before = autocast.save(torch)
    with ProcessState().restored(0):
        torch.set_autocast_enabled("cpu", True)
        imports("import torch", "torch.set_autocast_cache_enabled(False)")
    found = autocast.save(torch)
    autocast.restore(torch, before)

    assert found == (False, *before[1:])


def test_what_cannot_be_put_back_is_named(tmp_path):
    events_of(Processes("changes.py:changes_for_good", HERE, workers=1), assignment(tmp_path))

    said = (tmp_path / "trials/0/log.txt").read_text()
    assert "could not put back PyTorch's number of threads between operators" in said


def test_what_services_set_stays():
    kept = {f"{name}_ADDRESS" for name in SERVICES} | {"_WANDB_STARTUP"}
    with ProcessState().restored(0):
        os.environ.update(dict.fromkeys([*kept, "CUDA_VISIBLE_DEVICES_OF_MINE"], "1"))
    left = kept & os.environ.keys()
    for name in left:
        del os.environ[name]

    assert left == kept
    assert "CUDA_VISIBLE_DEVICES_OF_MINE" not in os.environ


def test_generators_of_this_process_go_on_as_if_no_trial_had_been(tmp_path):
    states = generator_states()
    events_of(RUNNERS["inline"]("changes_all"), *trials(tmp_path, 1))

    assert str(generator_states()) == str(states)
    assert states.keys() == GENERATORS.keys()


def test_a_trial_that_goes_on_draws_other_numbers_than_at_its_beginning(tmp_path):
    seeds = {assignment(tmp_path, resume_step=step).stream_seed for step in (None, 3, 5)}

    assert len(seeds) == 3


def test_a_thread_beside_is_left_alone(monkeypatch):
    """What is only the main thread's to set is set by no other."""
    problems = []

    def inside():
        with ProcessState().restored(0):
            problems.append(sys.meta_path[0])

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()

    assert len(problems) == 1
    assert problems[0] not in sys.meta_path
