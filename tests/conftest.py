"""What holds for every test."""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
import sysconfig
from collections.abc import Generator, Iterator

from tests import arithmetic

# One thread a process, here and in what tests start: two test processes with two threads each on
# two cores wait for each other, and compute up to four times as long, with other work beside them
# twelve times. Libraries read it when they are loaded; tests of what Etude gives unset it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
arithmetic.settle()

import pytest  # noqa: E402  # after what libraries read
from hypothesis import settings  # noqa: E402  # as above

# People's own scripts: whoever imports one has its words read as an argument's.
collect_ignore_glob = ["scripts/*/*.py"]

# The same examples each time (seeds are given), and no limit that a busy machine can break.
settings.register_profile("etude", derandomize=True, deadline=None)
settings.load_profile("etude")

# A shell that runs the tests in the background has them ignore Ctrl-C, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Seconds of the processor, children included, for a test and for the fixtures that it begins with:
# the launches of `test_kill.py` take 10 a kind. `timeout` in pyproject.toml counts on the wall,
# and only ends what hangs.
CPU_S = 120


# The modules that are there before the first test.
_COLLECTED: set[str] = set()


def pytest_collection_finish() -> None:
    """What is imported by now is no garbage of a test.

    Trainers and stacks look for garbage around each training: half a second, and most of what they
    take, were all of that looked through again.
    """
    gc.collect()
    gc.freeze()
    _COLLECTED.update(sys.modules)


def forget_scripts() -> None:
    """Training files are imported once a process: here as in a new one, where nothing is yet."""
    libraries = (sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"))
    for name in set(sys.modules) - _COLLECTED:
        file = getattr(sys.modules[name], "__file__", None) or sys.prefix
        if "." not in name and not str(file).startswith(libraries):
            del sys.modules[name]


@pytest.fixture(autouse=True)
def _scripts_of_a_test_end_with_it() -> Iterator[None]:
    yield
    forget_scripts()


def processor_s() -> float:
    """What this process and the children that it waited for have computed."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def limited() -> Generator[None, None, None]:
    begin = processor_s()
    yield
    if (spent_s := processor_s() - begin) > CPU_S:
        pytest.fail(f"{spent_s:.0f} s of the processor, more than {CPU_S} s", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    yield from limited()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    yield from limited()
