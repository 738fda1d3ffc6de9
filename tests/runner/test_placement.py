from __future__ import annotations

import pytest

from etude.errors import RunError
from etude.experiment.resources import Resources
from etude.runner.placement import Machine, placement

BIG = Machine(cores=16, gpus=("0", "1", "2", "3"), memory_gb=64.0)
SMALL = Machine(cores=2, memory_gb=8.0)

pytestmark = pytest.mark.rule("W5")


def placed(machine, workers=None, **resources):
    return placement(Resources(**resources), machine, workers)


def test_half_a_gpu_a_trial_means_two_workers_a_gpu_and_each_gpu_has_one_first():
    place = placed(BIG, gpus=0.5)

    assert place.workers == 8
    assert place.gpus == ("0", "1", "2", "3") * 2
    assert place.threads == 2


def test_two_gpus_a_trial_mean_one_worker_for_each_pair():
    assert placed(BIG, gpus=2).gpus == ("0,1", "2,3")


def test_three_of_four_gpus_leave_one_idle():
    assert placed(BIG, gpus=3).gpus == ("0,1,2",)


def test_a_third_of_a_gpu_is_there_three_times():
    assert placed(Machine(cores=4, gpus=("7",)), gpus=1 / 3).workers == 3


def test_no_gpu_a_trial_hides_them_and_leaves_the_cores_to_share():
    place = placed(BIG, gpus=0)

    assert place.workers == 16
    assert set(place.gpus) == {""}


def test_four_cores_a_trial_are_four_threads_in_each_of_four_workers():
    place = placed(Machine(cores=16), cpus=4)

    assert (place.workers, place.threads) == (4, 4)
    assert place.line == "4 trials train at once: `cpus = 4` of 16 cores."


def test_half_a_core_a_trial_is_one_thread_in_two_workers_a_core():
    place = placed(SMALL, cpus=0.5)

    assert (place.workers, place.threads) == (4, 1)


def test_memory_bounds_the_workers():
    place = placed(SMALL, memory_gb=5)

    assert (place.workers, place.trials_in_memory) == (1, 1)
    assert place.why == "`memory = 5` GiB of 8 GiB"


def test_the_scarcest_of_them_decides():
    assert placed(BIG, cpus=1, gpus=0.5, memory_gb=30).workers == 2


def test_trials_that_take_cores_have_no_more_than_a_gpu_each():
    assert placed(BIG, cpus=1).workers == 4


def test_memory_that_nobody_knows_bounds_nothing():
    assert placed(Machine(cores=2), memory_gb=500).workers == 2


def test_fewer_workers_may_be_asked_for_and_have_the_threads_that_a_trial_takes():
    place = placed(Machine(cores=16), workers=2, cpus=4)

    assert (place.workers, place.threads, place.why) == (2, 4, "2 workers were asked for")


def test_without_a_word_any_number_of_workers_may_be_asked_for():
    assert placed(SMALL, workers=7).workers == 7


def test_more_workers_than_fit_are_refused_with_what_fits():
    with pytest.raises(RunError) as caught:
        placed(BIG, workers=9, gpus=0.5, cpus=1)

    assert str(caught.value) == (
        "9 workers take more than this machine has: `gpus = 0.5` of 4 GPUs, so 8 trials train at "
        "once at most. Ask for so many, leave the number of workers out, or write less below "
        "[resources]."
    )


def test_a_trial_that_is_too_large_is_refused_with_everything_that_is_too_little():
    with pytest.raises(RunError) as caught:
        placed(SMALL, cpus=64, gpus=2, memory_gb=900)

    assert str(caught.value) == (
        "One trial takes more than this machine has: 64 cores of 2, 2 GPUs of none and 900 GiB of "
        "8. Write less below [resources], or train it where there is more."
    )


def test_half_a_gpu_of_none_is_too_much():
    with pytest.raises(RunError, match=r"0\.5 GPU of none"):
        placed(SMALL, gpus=0.5)
