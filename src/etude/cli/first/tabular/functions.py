"""The table: a row for each function of Python's standard library. Give `load` your own columns.

Does a function have a docstring, by how long it is, and by what it takes and calls? The table is on
every machine that has Python. Of your own: `pandas.read_csv(...)`, numbers as they are, a column of
0 and 1 for each category.
"""

import ast
import sysconfig
from collections import Counter
from pathlib import Path

import numpy as np

CLASSES = 2
# What a row counts, beside lines, arguments and the length of the name.
COUNTED = (
    "If For While Try Return Raise Call Name Constant Assign Attribute Yield With Compare".split()
)
TRAIN, VALID = 3000, 1000  # rows


def load():
    """Columns (N, C) and labels (N,), to train on and to validate on."""
    rows, labels = table()
    order = np.random.default_rng(0).permutation(len(rows))
    train, valid = order[:TRAIN], order[TRAIN : TRAIN + VALID]
    rows = np.log1p(rows)  # counts have long tails
    scaled = (rows - rows[train].mean(axis=0)) / (rows[train].std(axis=0) + 1e-6)
    scaled = scaled.astype(np.float32)
    return (scaled[train], labels[train]), (scaled[valid], labels[valid])


def table():
    """Rows (N, C), and whether each function has a docstring (N,)."""
    rows, labels = [], []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("[a-s]*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                rows.append(row(node))
                labels.append(int(ast.get_docstring(node) is not None))
    return np.array(rows, dtype=float), np.array(labels)


def row(function):
    """The numbers of a function, its docstring left out."""
    body = function.body[ast.get_docstring(function) is not None :]
    nodes = [node for statement in body for node in ast.walk(statement)]
    lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
    name, args = function.name, function.args
    counts = Counter(type(node).__name__ for node in nodes)
    about = [len(name), name.startswith("_"), name.endswith("__"), len(function.decorator_list)]
    return [
        lines,
        len(body),
        len(args.args),
        len(args.defaults),
        *about,
        *(counts[kind] for kind in COUNTED),
    ]
