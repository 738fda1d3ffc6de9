"""A rehearsal on machines that come and go."""

from tests.runner.sample import assignment

from etude.event import Lost, Rehearsed
from etude.round.rehearsal import rehearse


class Loses:
    """A runner that answers so, one trial after another; after each it is not free for a while."""

    slots = 1

    def __init__(self, *answers):
        self._answers, self._is_free = list(answers), True
        self.submitted = []

    @property
    def free(self):
        return int(self._is_free)

    def submit(self, orders):
        self.submitted += orders

    def wait(self, deliver):
        if self._is_free:
            deliver([self._answers.pop(0)])
        self._is_free = not self._is_free
        return True

    def close(self):
        """Nothing runs."""


def test_a_node_lost_during_the_rehearsal_is_no_fault_of_the_code(tmp_path):
    runner = Loses(Lost(0, "The node died.", is_blamed=False), Rehearsed(0, step_s=0.5))

    rehearsed = rehearse(runner, assignment(tmp_path), tmp_path / "a" / "b" / "rehearsal")

    assert (rehearsed.problem, rehearsed.step_s) == ("", 0.5)
    assert len(runner.submitted) == 2


def test_a_worker_that_the_code_brought_down_is_a_problem_of_the_code(tmp_path):
    runner = Loses(Lost(0, "exit code 7"))

    rehearsed = rehearse(runner, assignment(tmp_path), tmp_path / "a" / "b" / "rehearsal")

    assert rehearsed.problem == "The worker died: exit code 7."
