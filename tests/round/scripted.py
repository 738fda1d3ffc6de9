"""A runner that does what a script says, and an experiment for it to play."""

from etude.design.split import split
from etude.event import Began, Ended, Logged, Lost, Refused
from etude.experiment import Experiment
from etude.experiment.entry import Entry
from etude.experiment.toml.write import dumps
from etude.round.loop import play, started
from etude.search.quasi_random import QuasiRandom
from etude.space import Real


class Scripted:
    """A runner whose every wait delivers what the script says of the submitted trials."""

    def __init__(self, *script, slots=1):
        self.slots = slots
        self.taken = []
        self._script = iter(script)
        self._running = []

    @property
    def free(self):
        return self.slots - len(self._running)

    def submit(self, assignments):
        self.taken += assignments
        self._running += assignments

    def wait(self, deliver):
        running, self._running = self._running, []
        if running:
            outcome = next(self._script)
            deliver([event for one in running for event in outcome(one.id)])
        return bool(running)

    def close(self):
        """Nothing runs on."""


def completes(trial_id):
    return [
        Began(trial_id, 0),
        Logged(trial_id, ((3, "valid/loss", 1.0),)),
        Ended(trial_id, "completed", steps=4),
    ]


def dies(trial_id):
    return [Began(trial_id, 0), Lost(trial_id, "SIGKILL")]


def fails(line=3):
    told = f'Traceback:\n  File "train.py", line {line}, in train\nValueError: no width'
    return lambda trial_id: [
        Began(trial_id, 0),
        Ended(
            trial_id, "infeasible", "error", told, 1, error_site=f"ValueError at train.py:{line}"
        ),
    ]


def is_nan(trial_id):
    return [Began(trial_id, 0), Ended(trial_id, "infeasible", "nan", "at step 0", 1)]


def interrupts(trial_id):
    raise KeyboardInterrupt


def refuses(kind, detail):
    return lambda trial_id: [Refused(trial_id, kind, detail)]


def experiment(**given):
    plain = {
        "name": "rates",
        "metric": "valid/loss",
        "max_steps": 4,
        "trials": 5,
        "evaluations": 2,
        "nuisance": {"learning_rate": Real(1e-3, 1.0, log=True)},
    }
    return Experiment(**{**plain, **given})


def perform(store, runner, one=None, see=list):
    """Plays an experiment as a run does, everything written down before."""
    one = one or experiment()
    store.begin(Entry(experiment=one, text=dumps(one)))
    plan = [(study, QuasiRandom()) for study in split(one)]
    with store.own(one.name):
        started(plan, store, one.name, free=runner.free)
        play(one, plan, runner=runner, store=store, see=see)


def statuses(store):
    return [one.status for one in store.records("rates")]
