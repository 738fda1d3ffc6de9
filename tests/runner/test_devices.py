import pytest

from etude.experiment.resources import Resources
from etude.runner.devices import cores, environments, placed, this_machine, visible_gpus

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """An environment that names no thread count, no GPU and no driver."""
    names = (*THREADS, "VECLIB_MAXIMUM_THREADS", "PJRT_NPROC", "CUDA_VISIBLE_DEVICES")
    [monkeypatch.delenv(name, raising=False) for name in names]
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def driver(tmp_path):
    """Writes an `nvidia-smi` that answers with this script."""

    def write(script):
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    return write


def test_without_a_driver_there_is_one_worker_a_core_with_one_thread():
    found = environments(placed())

    assert len(found) == cores()
    assert all(one[name] == "1" for one in found for name in THREADS)
    assert not any("CUDA_VISIBLE_DEVICES" in one for one in found)


def test_one_worker_has_all_threads():
    (one,) = environments(placed(1))

    assert one["OMP_NUM_THREADS"] == str(cores())


@pytest.mark.parametrize("name", [*THREADS, "PJRT_NPROC"])
def test_where_the_user_set_a_number_of_threads_all_are_left_alone(monkeypatch, name):
    """Else what the user pinned would be computed otherwise with another number of workers."""
    monkeypatch.setenv(name, "5")

    assert not {*THREADS, "PJRT_NPROC"} & {key for one in environments(placed(2)) for key in one}


def test_freed_memory_is_kept_for_the_next_step_unless_the_user_says_otherwise(monkeypatch):
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    monkeypatch.setenv("MALLOC_MMAP_MAX_", "7")

    one, *_ = environments(placed(2))

    assert one["MALLOC_MMAP_MAX_"] == "7"
    assert int(one["MALLOC_TRIM_THRESHOLD_"]) > 1e9


@pytest.mark.rule("W5")
def test_every_gpu_has_a_worker_of_its_own(driver):
    driver("echo 0; echo 1; echo 2")

    assert [one["CUDA_VISIBLE_DEVICES"] for one in environments(placed())] == ["0", "1", "2"]


def test_more_workers_share_the_gpus_in_turn(driver):
    driver("echo 0; echo 1")

    assert [one["CUDA_VISIBLE_DEVICES"] for one in environments(placed(3))] == ["0", "1", "0"]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("0", ["0"]),
        ("2,GPU-5ae3, 7", ["2", "GPU-5ae3", "7"]),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
    ],
)
def test_the_environment_says_which_gpus_are_visible(driver, named, expected):
    driver("echo 0; echo 1")

    assert visible_gpus({"CUDA_VISIBLE_DEVICES": named}) == expected


@pytest.mark.parametrize("script", ["exit 9", "echo No devices were found; exit 6"])
def test_a_driver_without_gpus_offers_none(driver, script):
    driver(script)

    assert visible_gpus({}) == []


def test_a_driver_that_cannot_be_run_offers_none(tmp_path):
    (tmp_path / "nvidia-smi").write_bytes(b"\x7fno program")
    (tmp_path / "nvidia-smi").chmod(0o755)

    assert visible_gpus({}) == []


@pytest.mark.rule("W5")
def test_two_workers_share_each_gpu_of_which_a_trial_takes_half(driver):
    driver("echo 0; echo 1")

    found = environments(placed(resources=Resources(gpus=0.5, memory_gb=0.001)))

    assert [one["CUDA_VISIBLE_DEVICES"] for one in found] == ["0", "1", "0", "1"]


def test_a_trial_that_takes_cores_has_as_many_threads(driver):
    found = environments(placed(1, resources=Resources(cpus=1)))

    assert [one["OMP_NUM_THREADS"] for one in found] == ["1"]


def test_this_machine_has_some_memory():
    assert this_machine().memory_gb > 0.1
