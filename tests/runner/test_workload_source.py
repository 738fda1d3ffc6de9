"""Whether a file's text says that it names a workload."""

import pytest

from etude.runner.workload_source import names_workload, workload_members

CLASS = "class Net:\n    def model(self, s): ...\n    def loss(self, p, b, s): ...\n"
BESIDE = f"from dataclasses import dataclass\n{CLASS}"


@pytest.mark.parametrize(
    ("text", "is_workload"),
    [
        (CLASS, True),
        (f"if True:\n    {CLASS.replace(chr(10), chr(10) + '    ')}", True),
        (CLASS.replace("Net", "Base") + "class Net(Base):\n    width = 3\n", True),
        (CLASS.replace("Net", "Base") + "Net = Base()\n", True),
        (CLASS.replace("Net", "Base") + "made = Base()\nNet = made\n", True),
        ("import api\nNet = api.Workload(model=m, loss=l)\n", True),
        ("Net: Workload = Workload(model=m)\n", True),
        ("from beside import Net\n", True),
        ("from beside import Net as Other\nclass Net(Other): ...\n", True),
        ("def Net(trial): ...\n", False),
        (CLASS + "def Net(trial): ...\n", False),
        ("class Net:\n    def __init__(self, trial): ...\n", False),
        ("Net = functools.partial(train, 3)\n", False),
        ("Net = Net\n", False),
        ("from Net import Net\n", False),
        ("from nowhere import Net\n", False),
        ("class Net(\n", False),
    ],
)
def test_a_workload_is_told_from_a_function_without_importing_it(tmp_path, text, is_workload):
    (tmp_path / "beside.py").write_text(BESIDE)
    (tmp_path / "code.py").write_text(text)

    assert names_workload("code.py:Net", tmp_path) is is_workload


@pytest.mark.parametrize("reference", [None, "", "code.py", "absent.py:Net", "code.py:Absent"])
def test_what_is_not_there_is_no_workload(tmp_path, reference):
    (tmp_path / "code.py").write_text(CLASS)

    assert not names_workload(reference, tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "from .inner.nets import Net",
        "from .inner import Net",
        "from ..project.inner.nets import Net",
        "from project.inner.nets import Net as Other\nNet = Other",
    ],
)
def test_a_workload_of_another_module_of_the_package_is_one(tmp_path, line):
    inner = tmp_path / "project" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "project" / "__init__.py").touch()
    (inner / "__init__.py").write_text("from .nets import Net")
    (inner / "nets.py").write_text(CLASS)
    (tmp_path / "project" / "code.py").write_text(line)

    assert names_workload("project/code.py:Net", tmp_path)


def test_the_names_of_a_workload_are_read_from_its_text_and_its_bases(tmp_path):
    (tmp_path / "work.py").write_text(
        "class Base:\n    def split(self, seed): ...\n\nclass Work(Base):\n    training = 3\n\n"
        "made = Workload(model=None, split=None)\n"
    )

    assert workload_members("work.py:Work", tmp_path) >= {"split", "training"}
    assert "split" in workload_members("work.py:made", tmp_path)
    assert workload_members("absent.py:Work", tmp_path) == frozenset()
