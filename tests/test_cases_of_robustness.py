"""The shared cases of robustness: each has a script that is to say that the behaviour is right.

They wait more than they compute, so two run at once, in the order of their tests.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

import etude

pytestmark = pytest.mark.kills

CASES = Path(__file__).parents[2] / "shared" / "cases" / "robust"
NAMES = sorted(path.parent.name for path in CASES.glob("*/case.sh"))
TEST = "test_a_case_is_right"
AT_ONCE = 2
# Ends what hangs; what a case may take, its script says in seconds of the processor.
HANGS_S = 600
COMMAND = """#!/bin/bash
exec "{python}" -m etude "$@"
"""


def judged(name: str, folder: Path) -> tuple[int | None, str]:
    """How the script of a case ends, and what it said; None for one that hung."""
    folder.mkdir()
    command = folder / "etude"
    command.write_text(COMMAND.format(python=sys.executable))
    command.chmod(0o755)
    environment = {
        "ETUDE": str(command),
        "PYTHON": sys.executable,
        "PYTHONPATH": str(Path(etude.__file__).parents[1]),
        "TMPDIR": str(folder),
    }
    script = subprocess.Popen(
        ["bash", str(CASES / name / "case.sh")],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said = script.communicate(timeout=HANGS_S)[0]
    except subprocess.TimeoutExpired:
        os.killpg(script.pid, signal.SIGKILL)
        return None, script.communicate()[0].decode(errors="replace")
    return script.returncode, said.decode(errors="replace")


@pytest.fixture(scope="module")
def verdicts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[tuple[int | None, str]]]]:
    """The verdict of each case whose test was asked for."""
    tests = [item for item in request.session.items if isinstance(item, pytest.Function)]
    parameters = [item.callspec.params for item in tests if item.originalname == TEST]
    asked = [parameter["name"] for parameter in parameters]
    place = tmp_path_factory.mktemp("cases")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(judged, name, place / name) for name in asked}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(
    "name",
    NAMES
    or [
        pytest.param(
            "none",
            marks=pytest.mark.skip(reason="../shared/cases/robust is absent: nothing is judged"),
        )
    ],
)
def test_a_case_is_right(verdicts: dict[str, Future[tuple[int | None, str]]], name: str) -> None:
    code, said = verdicts[name].result()

    # 1: the behaviour is wrong. 3: the script did not meet its fault. None: it hung.
    assert (code, said[-2000:] if code else "") == (0, "")
