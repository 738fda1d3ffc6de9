"""How much a person has to read: the endings of many experiments, counted.

    python benchmarks/words.py            every experiment, a minute
    python benchmarks/words.py "a tie"    one of them, and what it says

Lines and words of what `run`, `check`, `next`, `compare`, `adopt` and `launch` end with; sentences
above 30 words, numbers above three significant digits that are no counts, steps, seeds or ids, and
rule ids at the head of a sentence. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter

from measure import ROOT

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
    print(f"{'experiment':26}{'command':10}{'lines':>6}{'words':>7}  offences")
    rows = [row for name in names for row in counted(name, is_shown=bool(given.names))]
    endings = [row for row in rows if row["command"] != "check"]
    checks = [row for row in rows if row["command"] == "check"]
    offences: Counter[str] = Counter()
    for row in rows:
        offences.update(row["offences"])
    summary = {
        "experiments": len(names),
        "endings": len(rows),
        "demo": {row["command"]: row for row in rows if row["experiment"] == "the demo"},
        "most_lines": max(row["lines"] for row in endings),
        "most_words": max(row["words"] for row in endings),
        "most_check_lines": max((row["lines"] for row in checks), default=0),
        "offences": dict(offences),
    }
    print(json.dumps(summary))


def counted(name: str, *, is_shown: bool) -> list[dict]:
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
        print(f"{name:26}{row['command']:10}{counts}  {told}", flush=True)
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()
