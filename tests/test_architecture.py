"""The limits of the house that no linter has a rule for. Where a limit binds: write it smaller.

One test a rule, over all files at once: a failure lists the offenders, each with its place.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

import etude
from etude.experiment.methods import METHODS
from etude.playbook.rules import sentences
from etude.search import SCHEDULES, SEARCHES

from .sources import (
    PACKAGE,
    ROOT,
    SOURCES,
    Function,
    above,
    classes,
    code_lines,
    comments,
    functions,
    imported,
    is_property,
    is_protocol,
    lines_of,
    members,
    names_in,
    places,
    public,
    public_functions,
    tracked,
    tree,
)

# What `etude new` copies is a person's file.
USERS = ("cli/first/",)
AT_THE_ROOT = [source for source in SOURCES if "/" not in source and not source.startswith("__")]
SOURCED = [path for path in SOURCES if path.startswith(("design/", "analyze/", "advise/"))]

# What plays procedures: the only modules of `procedure` that see the store and what trains.
PLAYERS = (
    "__init__",
    "autopilot",
    "budget",
    "delegation",
    "last_steps",
    "launch",
    "measurement_file",
    "measuring",
    "opening",
    "player",
    "promise",
    "series",
)

# A Protocol costs each of its members a method; the two borders with the outside may cost more.
PROTOCOL_LIMITS = {"Runner": 5, "Store": 8}
# Where a library that not everyone has, or that is slow to load, may be imported.
HOMES = {
    "IPython": (),
    "accelerate": ("connect/huggingface/",),
    "altair": ("plot/", "report/"),
    "jax": ("train/jax/",),
    "matplotlib": (),
    "mlflow": ("trackers/mlflow.py",),
    "pandas": ("round/",),
    "psycopg": ("store/",),
    "ray": ("runner/ray/", "connect/raytune/"),
    "scipy": ("search/", "analyze/", "train/skew.py", "space/directions.py"),
    "starlette": ("serve/",),
    "tensorboard": ("trackers/tensorboard.py",),
    "torch": ("train/torch/", "train/losses.py", "search/", "connect/huggingface/"),
    "transformers": ("connect/huggingface/",),
    "uvicorn": ("serve/",),
    "vl_convert": ("report/",),
    "wandb": ("trackers/wandb.py",),
}
# Where a file may be written, or put in another's place, otherwise than by `disk/file.py`.
WRITERS = {
    "connect/huggingface/training.py": "a checkpoint that a Trainer wrote, moved into the trial's",
    "disk/attempt.py": "which attempt trains a trial, which nobody asks after a power cut",
    "cli/__init__.py": "nowhere, in the place of a pipe whose reader has left",
    "disk/file.py": "the one way",
    "disk/checkpoint.py": "a folder, put in its place when it is on disk",
    "disk/folder.py": "the checkpoint of a fork, on disk before its commit",
    "disk/rights.py": "the log of a trial is opened, to be written as it is printed",
    "runner/child.py": "the log of a trial, as it is printed",
    "runner/inline.py": "the same, in this process",
    "runner/ray/shipping.py": "the folder that Ray ships, removed once it is shipped",
    "runner/slot.py": "the last words of a worker, in memory",
    "store/sqlite.py": "a new store, made private before the database has it",
    "store/lock.py": "the lock, which holds for as long as its file is open",
    "trackers/tensorboard.py": "events behind those that are there, cut back to what was noted",
}
# Words that the field's terms replaced: no module has such a name again.
REPLACED = """
    admitted arithmetic arranged arrangement arrived asking bearing belief blame bring
    candidates careful case choice columns course covered crowded culprits cut decimals
    doubts earlier earlier_rounds failures feasible_edge foreign forecast guess hours
    informed keeper kept lattice left_to_you looks material measures misarranged misconstrained
    misdirected names named naming observed opened parts perturbed pictures places process prose
    refused replayed retrain rounds settings sides spelling spending standing steady stretch
    switches tidy trace two_kinds undecided valley wander
"""
# Tests that no single module answers for: each with what holds them together.
CROSS_CUTTING = {
    "test_notebooks.py": "the notebooks of examples, executed",
    "advise/test_listed.py": "advice on listed configurations, over all remedies",
    "advise/test_unread.py": "what nobody reads, in verdict and advice",
    "advise/test_rounds.py": "what checks find in the rounds that remedies are tested on",
    "analyze/test_curve_cases.py": "curves that were judged wrongly, over all checks",
    "analyze/test_curve_laws.py": "laws of every check of curves",
    "analyze/test_form.py": "the form of every finding",
    "analyze/test_labelled_curves.py": "curves that a person labelled, over all checks",
    "analyze/test_renaming.py": "hyperparameters and metrics under other names, over all checks",
    "analyze/test_shape_laws.py": "laws of every check of curves, whatever their shape",
    "analyze/test_where_trials_lie.py": "laws of every check of settings",
    "cli/test_metric.py": "which metric judges, and whose values are shown, in all commands",
    "cli/test_rules.py": "the rules that commands name",
    "cli/test_unread.py": "what nobody reads, from the run to the next file",
    "connect/test_cases_of_names.py": "names and crashed trials of other tools",
    "connect/test_cases_of_tables.py": "shared cases of tables and folders, over all readers",
    "connect/test_hostile.py": "broken files, over all readers",
    "connect/test_importing_page.py": "what docs/importing.md shows",
    "connect/test_readers.py": "the contract of every reader",
    "connect/test_round_trip.py": "a run written and read again, over all readers",
    "design/checks/test_checks.py": "laws of every design check",
    "report/test_browser.py": "the page as a browser shows it, and everybody can use it",
    "round/test_walls.py": "rounds that keep to where training broke before, from run to next file",
    "round/test_listed_rounds.py": "rounds of listed configurations, from run to next file",
    "runner/test_contract.py": "the contract of every runner",
    "runner/test_jax.py": "workloads of JAX in every runner",
    "runner/test_memory.py": "how little memory a runner holds",
    "runner/test_workload_contract.py": "what a workload does in every runner, in both libraries",
    "runner/test_workloads.py": "workloads in every runner",
    "search/test_contract.py": "the contract of every search and schedule",
    "serve/test_browser.py": "the live page in a browser",
    "store/test_contract.py": "the contract of every store",
    "trackers/test_contract.py": "the contract of every tracker",
    "test_architecture.py": "the house",
    "test_bert.py": "the walk-through of examples/bert, file by file",
    "test_cases_of_robustness.py": "the shared cases of robustness",
    "test_cases_of_runs.py": "the shared cases of training code",
    "test_designing.py": "what docs/designing.md shows",
    "test_docs.py": "all documents",
    "test_endings.py": "how experiments of many kinds end",
    "test_everywhere.py": "one experiment file in every runner",
    "test_form.py": "what counts the form of what is said",
    "test_golden.py": "what a person sees, from the first command to the last",
    "test_hostile.py": "experiment files that someone broke",
    "test_rules_table.py": "every rule of the playbook, with what it is shown by",
    "test_moving_pages.py": "what docs/from-ray-tune.md and docs/from-hf-search.md show",
    "test_pipeline_hosts.py": "what docs/pipeline.md shows of batch norm and of several hosts",
    "test_planted.py": "how `benchmarks/planted.py` judges what a procedure answers",
    "test_start_planted.py": "how `benchmarks/start_planted.py` judges what is said of a start",
    "test_kill.py": "runs that are killed and started again",
    "test_kill_workloads.py": "workloads that are killed and started again",
    "test_scripts.py": "training scripts as they were and as they run, from the command to values",
    "test_site.py": "the site of the documents: its links, the names on its pages",
    "text/test_law.py": "hostile texts, over all commands and files",
    "train/torch/test_forty_modules.py": "forty networks, over the whole of the loop",
    "train/torch/test_traps.py": "what a stack must not get wrong, over the whole of the loop",
}
# Files of users, which tests and documents name and the repository does not have.
USERS_FILES = {
    *("train.py", "runs/depth.toml", "runs/a.toml"),
    *("code/train.py", "code/new.py", "code/empty.py", "mypkg/__main__.py"),
    *("helper.py", "package/__init__.py", "package/part.py", "package/other.py"),
    "before/__init__.py",
    *("a/copy.toml", "a/longer.toml", "a/rates.toml", "b/rates.toml", "c/rates.toml"),
    *("link/rates.toml", "moved/rates.toml", "sub/rates.toml"),
}

WRITING = {
    *("write_text", "write_bytes", "savefig", "touch", "NamedTemporaryFile", "mkstemp"),
    *("os.replace", "os.link", "shutil.copy", "shutil.copy2"),
    *("shutil.copyfile", "shutil.copytree", "shutil.move", "chart.save", "figure.save"),
}
SUPPRESSION = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b")
EXPLAINED = re.compile(r"#\s*(?:noqa:\s*[A-Z0-9, ]+|type:\s*ignore\[[\w, -]+\])\s+#\s*\w+")
SOURCE_LINE = re.compile(r"^\s*Source: .*\b[A-Z]\d+\b.*", re.MULTILINE)
SENTENCE = re.compile(r"[A-Z`\"].*[.?]")
REGISTRY = re.compile(
    r"(?:pypi|pythonhosted|download\.pytorch|anaconda)\.org|--(?:extra-)?index-url"
)
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:root|home|Users|opt|work)/\w")
# A store is called `etude.db`; its folders stand beside it.
DOTTED = re.compile(r"\betude(?!\.db\b)(?:\.[A-Za-z_]\w*)+")
IMPORTED = re.compile(r"\bfrom (etude[\w.]*) import (?:\(([\w,\s]+)\)|([\w, ]+))")
MENTIONED = re.compile(r"`([\w.-]+\.(?:py|md))`|[`\"']((?:[\w.-]+/)+[\w.-]+\.(?:py|md|toml))[`\"']")


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def speaks(source: str, function: Function) -> bool:
    """Whether rules are asked of a function: the check, the remedy, or what their findings say."""
    returned = ast.unparse(function.returns) if function.returns else ""
    says = any(kind in returned for kind in ("list[Finding]", "list[Remedy]"))
    return says or function.name == Path(source).stem


def writes_a_file(call: ast.Call) -> bool:
    """Whether a call may write a file, or put one in the place of another, as far as names tell."""
    whole = ast.unparse(call.func)
    name = whole.rpartition(".")[2]
    given = [ast.unparse(one) for one in [*call.args, *(word.value for word in call.keywords)]]
    modes = [one for one in given if re.fullmatch(r"'[rwaxbt+]{1,3}'", one)]
    opens = name in ("open", "fdopen") and any(set(mode) & set("wax+") for mode in modes)
    opens_lowly = whole == "os.open" and not any("O_RDONLY" in flags for flags in given)
    moves = name in ("to_csv", "rename") and bool(call.args)
    return name in WRITING or whole in WRITING or opens or opens_lowly or moves


def module_of(test: str) -> str:
    """The file or folder of the package that a test's name names."""
    path = Path(test)
    return (path.parent / path.stem.removeprefix("test_")).as_posix()


def texts() -> dict[str, str]:
    """Sources and pages, but the changelog: what was called otherwise in its time stays so."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(errors="ignore")
        for path in tracked()
        if path.suffix in {".py", ".md", ".toml"} and path.name != "CHANGELOG.md"
    }


@cache
def stands(name: str) -> bool:
    """Whether a dotted name leads to a module of the package, or to a name that a module holds."""
    folder, parts = PACKAGE, name.split(".")[1:]
    while parts and (folder / parts[0]).is_dir():
        folder /= parts.pop(0)
    if not parts:
        return True
    module = folder / f"{parts[0]}.py"
    source, held = (module, parts[1:]) if module.is_file() else (folder / "__init__.py", parts)
    holds = names_in(source.relative_to(PACKAGE).as_posix()) | set(etude.__all__)
    return not held or held[0] in holds or held[0].startswith("__")


def names_of(text: str) -> set[str]:
    """The dotted names in a text, those that its imports make of two parts included."""
    imports = [(module, lines or line) for module, lines, line in IMPORTED.findall(text)]
    parts = [(module, part.split()) for module, names in imports for part in names.split(",")]
    return {*DOTTED.findall(text), *(f"{module}.{words[0]}" for module, words in parts if words)}


def is_there(mention: str, place: Path) -> bool:
    """Whether a file is there by its name alone, or seen from a folder that paths begin in."""
    if "/" not in mention:
        return mention in {path.name for path in tracked()}
    begins = [ROOT, PACKAGE, *(ROOT / name for name in ("tests", "docs", "benchmarks", "examples"))]
    return any(
        (folder / mention).is_file() for folder in [*begins, *place.parents, PACKAGE / "cli"]
    )


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh Python holds after one statement."""
    code = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_every_file_of_the_package_is_looked_at():
    files = [path for path in tracked() if path.suffix == ".py" and path.is_relative_to(PACKAGE)]

    assert {path.relative_to(PACKAGE).as_posix() for path in files} - set(SOURCES) == set()


def test_at_most_12_modules_at_the_root():
    assert len(AT_THE_ROOT) <= 12, AT_THE_ROOT


def test_at_most_12_rungs_in_the_ladder():
    contracts = {one["id"]: one for one in project()["tool"]["importlinter"]["contracts"]}

    assert len(contracts["ladder"]["layers"]) <= 12


def test_a_procedure_sees_no_store():
    contracts = project()["tool"]["importlinter"]["contracts"]
    (contract,) = [one for one in contracts if one["id"] == "procedures"]
    modules = {f"etude.{source.removesuffix('.py').replace('/', '.')}" for source in SOURCES}
    procedures = {one for one in modules if one.startswith("etude.procedure.")}
    held = tuple(contract["source_modules"])
    free = {one for one in procedures if not any(f"{one}.".startswith(f"{it}.") for it in held)}

    # These play procedures, or what was adopted; the rest is handed data.
    assert free == {f"etude.procedure.{name}" for name in PLAYERS}


def test_no_module_has_the_name_of_a_replaced_word():
    replaced = set(REPLACED.split())

    assert [source for source in SOURCES if Path(source).stem in replaced] == []


def test_a_module_begins_with_a_sentence():
    heads = {source: ast.get_docstring(tree(source)) or "" for source in SOURCES}
    first = {
        source: (text.splitlines() or [""])[0]
        for source, text in heads.items()
        if not source.startswith(USERS)
    }

    assert [place for place in first.items() if not SENTENCE.fullmatch(place[1])] == []


def test_a_function_has_at_most_40_lines_of_code():
    lengths = {
        f"{source}:{function.lineno} {function.name}": len(
            code_lines(source).intersection(lines_of(function))
        )
        for source in SOURCES
        for function in functions(source)
    }

    assert above(40, lengths) == []


def test_a_file_has_at_most_300_lines_of_code():
    assert above(300, {source: len(code_lines(source)) for source in SOURCES}) == []


def test_a_protocol_asks_for_few_members():
    beyond = {
        f"{source}:{node.lineno} {node.name}": len(members(node))
        - PROTOCOL_LIMITS.get(node.name, 3)
        for source in SOURCES
        for node in classes(source)
        if is_protocol(node)
    }

    assert above(0, beyond) == []


def test_a_class_has_at_most_8_public_methods():
    methods = {
        f"{source}:{node.lineno} {node.name}": sum(
            not is_property(method) for method in public(members(node))
        )
        for source in SOURCES
        for node in classes(source)
    }

    assert above(8, methods) == []


def test_a_check_and_a_remedy_name_the_rules_they_rest_on():
    unsourced = [
        f"{source}: {function.name}"
        for source in SOURCED
        for function in public_functions(source)
        if speaks(source, function) and not SOURCE_LINE.search(ast.get_docstring(function) or "")
    ]

    assert unsourced == []


def test_a_source_line_names_rules_that_exist():
    texts = [(PACKAGE / source).read_text() for source in SOURCES]
    lines = [line for text in texts for line in SOURCE_LINE.findall(text)]
    named = {rule for line in lines for rule in re.findall(r"\b[A-Z]\d+\b", line)}

    assert named - sentences().keys() == set()


def test_a_heavy_library_is_imported_only_in_its_home():
    heavy = [
        f"{source}: {name}"
        for source in SOURCES
        for name in sorted(imported(source) & HOMES.keys())
        if not source.startswith((*HOMES[name], *USERS))
    ]

    assert heavy == []


def test_a_file_is_written_in_one_way_only():
    writes = [
        f"{source}:{call.lineno} {ast.unparse(call.func)}"
        for source in SOURCES
        if source not in WRITERS
        for call in ast.walk(tree(source))
        if isinstance(call, ast.Call) and writes_a_file(call)
    ]

    assert writes == []


def test_suppressions_are_rare():
    suppressions = [text for one in SOURCES for text in comments(PACKAGE / one, SUPPRESSION)]

    assert len(suppressions) <= 3 * sum(len(code_lines(source)) for source in SOURCES) / 1000


def test_every_suppression_has_a_reason():
    everywhere = [path for path in tracked() if path.suffix == ".py"]
    bare = [
        f"{path.relative_to(ROOT)}: {text}"
        for path in everywhere
        for text in comments(path, SUPPRESSION)
        if not EXPLAINED.search(text)
    ]

    assert bare == []


def test_at_most_8_core_dependencies():
    assert len(project()["project"]["dependencies"]) <= 8


def test_tests_mirror_the_tree():
    tests = [path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")]
    modules = {source.removesuffix(".py").rstrip("_") for source in SOURCES}
    folders = {Path(source).parent.as_posix() for source in SOURCES}
    alone = {test.as_posix() for test in tests if module_of(str(test)) not in modules | folders}

    assert alone ^ CROSS_CUTTING.keys() == set()


def test_a_name_of_the_package_leads_somewhere():
    mentions = [
        f"{place}: {name}"
        for place, text in texts().items()
        for name in sorted(names_of(text))
        if not stands(name)
    ]

    assert mentions == []


def test_a_file_that_is_named_is_there():
    mentions = [
        f"{place}: {name}"
        for place, text in texts().items()
        for name in sorted(
            {either for both in MENTIONED.findall(text) for either in both if either}
        )
        if name not in USERS_FILES and "NAME" not in name and not is_there(name, ROOT / place)
    ]

    assert mentions == []


@pytest.mark.parametrize(("kind", "registry"), [("search", SEARCHES), ("schedule", SCHEDULES)])
def test_an_experiment_knows_every_search_and_schedule_and_what_each_may_be_told(kind, registry):
    known = {name: set(method.options) for name, method in METHODS[kind].items()}
    taken = {name: set(signature(one).parameters) - {"inner"} for name, one in registry.items()}

    assert known == taken


def test_every_public_name_is_documented():
    documented = set(re.findall(r"^\| `etude\.(\w+)", (ROOT / "docs/api.md").read_text(), re.M))

    assert documented == set(etude.__all__)


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import etude", HOMES.keys() | {"polars", "sqlalchemy", "numpy", "typer"}),
        ("import etude.cli", HOMES.keys() | {"polars", "sqlalchemy", "numpy", "jinja2"}),
    ],
)
def test_an_import_loads_nothing_heavy(statement, heavy):
    assert loaded_by(statement) & heavy == set()


def test_make_plays_every_benchmark():
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    played = {
        name for line in re.findall(r"^BENCHMARKS := (.*)$", text, re.M) for name in line.split()
    }
    scripts = (ROOT / "benchmarks").glob("*.py")

    assert played == {one.stem for one in scripts if 'if __name__ == "__main__"' in one.read_text()}


def test_no_file_names_a_package_registry():
    assert places(REGISTRY) == []


def test_no_file_names_a_path_of_one_machine():
    assert places(MACHINE_PATH) == []
