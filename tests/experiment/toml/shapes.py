"""Texts that look harmless and cost a parser the square or the cube of their length."""

from __future__ import annotations

HEAD = '[experiment]\nmetric = "valid/loss"\nmax_steps = 20\ntrials = 6\n'
TAIL = "[nuisance]\nx = { low = 0.1, high = 1.0 }\n"


def _inside(text: str) -> str:
    return f"{HEAD}{text}{TAIL}"


def _behind(text: str) -> str:
    return f"{HEAD}{TAIL}{text}"


def _numbered(line: str, n: int) -> str:
    return "".join(f"{line.replace('#', str(at))}\n" for at in range(n))


# By name: a text of a length that grows with n, and an n that takes some milliseconds.
SHAPES = {
    "blank lines": (lambda n: _inside("\n" * n), 7_500),
    "lines of one space": (lambda n: _inside(" \n" * n), 7_500),
    "lines of carriage returns": (lambda n: _inside("\r\n" * n), 7_500),
    "one line of spaces": (lambda n: _inside(" " * n + "\n"), 75_000),
    "comments": (lambda n: _inside("#\n" * n), 5_000),
    "a comment of number signs": (lambda n: _inside("#" * n + "\n"), 75_000),
    "number signs in a text": (lambda n: _inside(f'question = "{"#" * n}"\n'), 5_000),
    "brackets in a text": (lambda n: _inside(f'question = "{"[" * n}"\n'), 5_000),
    "a text of lines": (lambda n: _inside('question = """\n' + "]\n" * n + '"""\n'), 2_500),
    "escaped quotes": (lambda n: _inside('question = """' + '\\"' * n + '"""\n'), 2_500),
    "lists in a list": (lambda n: _behind("[fixed]\ny = [\n" + "[1],\n" * n + "]\n"), 1_000),
    "lines of a list": (lambda n: _inside("acknowledge = [\n" + '"S3", # ]\n' * n + "]\n"), 1_250),
    "ranges": (lambda n: _behind(_numbered("a# = { low = 0.1, high = 1.0 }", n)), 75),
    "fixed values": (lambda n: _behind("[fixed]\n" + _numbered("a# = 1", n)), 150),
    "keys that nobody knows": (lambda n: _inside(_numbered("k# = 1", n)), 75),
    "conditions": (lambda n: _behind(_numbered("[fixed.when.x.v#]\na = 1", n)), 75),
    "choices": (lambda n: _behind(f"y = [{','.join(map(str, range(n)))}]\n"), 2_000),
    "constraints": (lambda n: _inside("constraints = [" + '"x < 1",' * n + "]\n"), 1_000),
    "a key of many steps": (lambda n: _behind("x." * n + "y = 1\n"), 7_500),
    "a key of quoted steps": (lambda n: _behind('"x".' * n + "y = 1\n"), 7_500),
    "a key of steps in a table": (lambda n: _behind("z = {" + "x." * n + "y = 1}\n"), 7_500),
    "a list without an end": (lambda n: _behind("y = [" + "[1]," * n), 2_500),
    "a text without an end": (lambda n: _behind('y = """' + '""' * n), 2_500),
    "a long name": (lambda n: _behind("a" * n + " = 1\n"), 25_000),
    "observed names": (lambda n: _inside("observed = [" + '"y",' * n + "]\n"), 500),
}
