"""How much a person has to read: the endings of many experiments, counted.

    python benchmarks/words.py            every experiment, a minute
    python benchmarks/words.py "a tie"    one of them, and what it says

Lines and words of what `run`, `check`, `next`, `compare`, `adopt` and `launch` end with; sentences
above 30 words, numbers above three significant digits that are no counts, steps, seeds or ids, and
rule ids at the head of a sentence. The last line is JSON.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from measure import ROOT, Output

sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests import form  # noqa: E402  # from the checkout, whose path is known now
from tests.golden.endings import EXPERIMENTS, Said  # noqa: E402  # the same


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(EXPERIMENTS))
    given = parser.parse_args()
    names = given.names or list(EXPERIMENTS)
    output = Output("words", keep=not given.names)
    output.say(f"{'experiment':26}{'command':10}{'lines':>6}{'words':>7}  offences")
    rows = [row for name in names for row in counted(name, output, is_shown=bool(given.names))]
    demo = {row["command"]: row for row in rows if row["experiment"] == "the demo"}
    figures: dict[str, float] = {
        "experiments": len(names),
        "endings": len(rows),
        "most lines of an ending": _most("lines", rows, is_check=False),
        "most words of an ending": _most("words", rows, is_check=False),
        "most lines of check": _most("lines", rows, is_check=True),
        "offences": sum(sum(row["offences"].values()) for row in rows),
    }
    for command in demo:
        figures[f"demo, {command}: lines"] = demo[command]["lines"]
        figures[f"demo, {command}: words"] = demo[command]["words"]
    output.end(figures)


def _most(what: str, rows: list[dict], *, is_check: bool) -> int:
    return max((row[what] for row in rows if (row["command"] == "check") == is_check), default=0)


def counted(name: str, output: Output, *, is_shown: bool) -> list[dict]:
    """A row for each command of an experiment, printed as it is known."""
    said: Said = EXPERIMENTS[name]()
    if is_shown:
        print(said.text())
    rows = []
    for typed, lines in said.by_command.items():
        offences = Counter(one for line in lines for one in form.line_offences(line))
        row = {
            "experiment": name,
            "command": typed.split()[0],
            "lines": len(lines),
            "words": sum(map(form.words, lines)),
            "offences": dict(offences),
        }
        told = ", ".join(f"{count} {one}" for one, count in offences.items())
        counts = f"{row['lines']:6}{row['words']:7}"
        output.say(f"{name:26}{row['command']:10}{counts}  {told}")
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()
