"""A runner that does what a script says, and an experiment for it to play."""

from tests.factories import played, rates

from etude.event import Began, Ended, Logged, Lost, Refused


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


def five_trials(**given):
    return rates(**{"trials": 5, "max_steps": 4, "evaluations": 2, **given})


def perform(store, runner, experiment=None, see=list):
    """Plays five trials, or another experiment, as a run does."""
    return played(experiment or five_trials(), runner, store, see=see)


def statuses(store):
    return [one.status for one in store.records("rates")]
