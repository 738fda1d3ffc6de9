"""Experiment files that someone broke, on purpose or not: made from a seed, broken for certain."""

from __future__ import annotations

import random

BASE = """\
[experiment]
metric = "valid/error"
max_steps = 2000
trials = 40
constraints = ["warmup_steps <= 0.1 * max_steps"]

[scientific]
optimizer = ["nesterov", "adam"]

[nuisance]
warmup_steps = { low = 1, high = 500, integer = true, log = true, units = "steps" }
dropout = { low = 0.0, high = 0.5, limits = [0, 1] }

[nuisance.when.optimizer.nesterov]
momentum = { low = 0.7, high = 0.999, scale = "one_minus_log" }

[fixed]
batch_size = 256
"""
NO_NUMBER = ["true", '"many"', "nan", "-inf", "[]", "{}", "2026-01-01", "07:32:00", "[[1], [2]]"]
NO_RANGE = [
    "1e400", "{ low = nan, high = 1 }", "{ low = 1 }", "{ low = 2, high = 1 }", "[nan]", "[[]]",
    "[{}]",
    "{ low = 0, high = inf }", "{ low = 1, high = 2, limits = 3 }", "{ values = [] }", "2026-01-01",
    "{ low = 1, high = 2, limits = [2, 1] }", "{ low = 1, high = 2, units = 3 }", "[1, 1]", "true",
    "{ low = 1, high = 2, limits = [1.5, 9] }", "{ low = -1, high = 2, log = true }", '"\\u0000"',
    "{ low = 1, high = 2, limits = [nan, 9] }", "{ low = 1, high = 9e99, integer = true }",
    "{ low = 1, high = 2, high.x = 3 }", "{ low = { low = 1 }, high = 2 }",
]  # fmt: skip
NO_CONSTRAINT = [
    '__import__("os").system("true")', "(1).__class__", "9**9**9**9", "lambda: dropout", "dropout",
    "[x for x in dropout]", 'f"{dropout}"', "(y := dropout) < 1", "(" * 99 + "1" + ")" * 99,
    "1 < 2",
    "dropout <", "dropout = 1", "optimizer < 3", 'optimizer == "adm"', "dropuot < 1",
    "dropout if 1",
    "not dropout", "dropout[0] < 1", "dropout.real < 1", "eval('1')", "dropout < 1j", "\u202e", "",
    "momentum < 1 and " * 99 + "1", "dropout < 1e999", "yield", "dropout ** dropout < 1", "`",
]  # fmt: skip
NO_TOML = [
    "= 3", "[", "[[", "x = ", "x = [1,", 'x = "', "x == 3", "\x00", "x = \x1f", "[experiment]",
    "🦊 = 1",
    "x = '''", "x = 1 y = 2", "[fixed]", "x = 08", "x = 1__0", "x = +", 'x = "\\q"', "{}",
    "\x7f = 1",
    "x." * 50, "[a.]", "x = 0b2", "x = 1e", "x = 2026-13-01", 'x = "\\uD800"', "x = [", "[fixed]]",
]  # fmt: skip
NO_TABLE = ["3", '"x"', "[]", "[1]", "2026-01-01", "true", "nan", '["metric"]', "[[]]"]


def files(seed: int, count: int) -> list[str]:
    """So many texts, no two alike, none of them an experiment."""
    rng = random.Random(seed)
    texts: dict[str, None] = {}
    while len(texts) < count:
        texts[rng.choice(_WAYS)(rng)] = None
    return list(texts)


def shaken(seed: int, count: int) -> list[str]:
    """So many texts with signs lost, doubled, exchanged: broken or not."""
    return [_shaken(random.Random(f"{seed}/{number}")) for number in range(count)]


def _shaken(rng: random.Random) -> str:
    text = BASE
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(text))
        sign = rng.choice(["", text[at] * 2, chr(rng.randrange(1, 0xD7FF)), *'"[]{}=.,#\n0\\'])
        text = text[:at] + sign + text[at + rng.randint(0, 2) :]
    return text


def _set(key: str, value: str) -> str:
    lines = [f"{key} = {value}" if line.startswith(f"{key} =") else line for line in _lines()]
    return "\n".join(lines)


def _lines() -> list[str]:
    return BASE.splitlines()


def _number(rng: random.Random) -> str:
    return _set(rng.choice(["max_steps", "trials"]), rng.choice([*NO_NUMBER, "0", "-3", "1.5"]))


def _range(rng: random.Random) -> str:
    return _set(rng.choice(["dropout", "warmup_steps"]), rng.choice(NO_RANGE))


def _constraint(rng: random.Random) -> str:
    written = rng.choice(NO_CONSTRAINT).replace("\\", "\\\\").replace('"', '\\"')
    return _set("constraints", rng.choice([f'["{written}"]', f'["dropout < 1", "{written}"]']))


def _constraints(rng: random.Random) -> str:
    return _set("constraints", rng.choice(['"dropout < 1"', "3", "[3]", "{}", "[[]]", "nan"]))


def _syntax(rng: random.Random) -> str:
    lines = _lines()
    lines.insert(rng.randrange(len(lines)), rng.choice(NO_TOML))
    return "\n".join(lines)


def _table(rng: random.Random) -> str:
    table = rng.choice(["experiment", "scientific", "nuisance", "fixed"])
    return f"{table} = {rng.choice(NO_TABLE)}\n" + rng.choice(["", "[experiment]\ntrials = 1\n"])


def _tables(rng: random.Random) -> str:
    table = rng.choice(["[experiment]", "[scientific]", "[nuisance]", "[fixed]"])
    return BASE.replace(table, f"[{table}]")


def _name(rng: random.Random) -> str:
    names = ["metrc", "\u202etrials", "experiment", "2026-01-01", '""', "'a\u0301'", '"\\u0000"']
    return _set("trials", f"40\n{rng.choice(names)} = {rng.choice(NO_NUMBER)}")


def _condition(rng: random.Random) -> str:
    keys = rng.choice(["optimizer.adm", "optimzer.adam", "dropout.1", "a." * 300 + "b", '"".""'])
    return f"{BASE}\n[{rng.choice(['nuisance', 'fixed'])}.when.{keys}]\nx = 1\n"


def _deep(rng: random.Random) -> str:
    depth = rng.choice([60, 400, 2000, 20_000])
    opened, closed = rng.choice([("[", "]"), ("{ x = ", " }")])
    path = "nuisance" + ".when.optimizer.adam" * depth
    return rng.choice(
        [
            _set("batch_size", opened * depth + "1" + closed * depth),
            f"{BASE}\n[{path}]\nx = 1\n",
            f"{BASE}\n{'x.' * depth}y = 1\n",
        ]
    )


def _huge(rng: random.Random) -> str:
    digits = rng.choice([400, 4000, 5000, 90_000])
    number = rng.choice(["1" * digits, "0x" + "f" * digits, "9" * digits + "e9", f"1e{digits}"])
    return _set(rng.choice(["batch_size", "dropout", "trials", "max_steps"]), number)


def _two_roles(rng: random.Random) -> str:
    name = rng.choice(["dropout", "warmup_steps", "optimizer"])
    return f"{BASE}{name} = {rng.choice(['1', 'true', '[1, 2]'])}\n"


_WAYS = [
    _number, _range, _constraint, _constraints, _syntax, _table, _tables, _name, _condition, _deep,
    _huge, _two_roles,
]  # fmt: skip
