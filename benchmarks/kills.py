"""Kills: every kind of run killed at random and typed again, held against one that nobody killed.

    python benchmarks/kills.py                       400 kills, at least 20 of each kind: an hour
    python benchmarks/kills.py --kills 1000          as many in this run
    python benchmarks/kills.py --kinds asha,pbt      those alone
    python benchmarks/kills.py --at-once 2           two kinds at once
    python benchmarks/kills.py --quick               a story a kind, nothing kept: does it run?

A story is a command, typed again after each kill until it ends. One to four of its launches are
killed (SIGKILL): the whole group, the driver alone, or a worker alone; a third at a random moment,
the others before or after a call that is drawn: a sync, a rename, a commit, another statement of
the database, a file that is opened to be written, a folder that is made or removed, and, of the
train function, a step, the middle of writing a checkpoint, and the time between a checkpoint and
the next step (`tests/kill`). Half of the commands are typed again while children of the dead one
may still be alive.

`lost`: what was committed and is gone or is another value. `repeated`: points that stand twice, a
trial that trained again after its end was committed, or from before its last checkpoint.
`wrong_values`: what differs from the run that nobody killed, bit for bit (of stacks, by 1e-6 of the
value), and a command that ended otherwise. `litter`: files that it has not, checkpoints that no
record names, temporary files, locks that are held. `orphans`: children alive half a minute after
their parent died.

The sums by kind and code are committed, in `results/rows/kills.jsonl`; no story is played twice,
so runs add up. Stories of the run at hand stand in `.bench/`.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

from measure import BENCH, RESULTS, ROOT, Cache, Output, version

sys.path.insert(0, str(ROOT))
from tests.kill.kinds import KINDS, Kind  # from the checkout, whose path is known now
from tests.kill.launches import Keyboard, keyboard
from tests.kill.stories import (
    FAULTS,
    Calm,
    Verdict,
    calm_run,
    forget,
    kills_of,
    play,
)

KILLS, LEAST = 400, 20
ROWS = RESULTS / "rows" / "kills.jsonl"
# What was told of each story that was wrong, with its folders.
WRONG = BENCH / "kills"
NEEDS = {
    "workload": ("torch",),
    "stacks_torch": ("torch",),
    "stacks_jax": ("jax",),
    "bayesian": ("torch", "botorch"),
    "autopilot": ("torch", "botorch"),
}
# A start of these takes many seconds, most of them to measure whether stacks pay.
SLOW = {"stacks_torch", "stacks_jax", "workload"}


def code_of_ours() -> str:
    """What changes when results may: the code of the package, as parsed."""
    paths = sorted((ROOT / "src" / "etude").rglob("*.py"))
    texts = [ast.dump(ast.parse(path.read_text())).encode() for path in paths]
    return hashlib.blake2b(b"/".join(texts), digest_size=5).hexdigest()


def earlier_rows() -> list[dict[str, Any]]:
    """The committed sums of the runs before this one."""
    return [json.loads(line) for line in ROWS.read_text().splitlines()] if ROWS.exists() else []


def quotas(kinds: Sequence[Kind], kills: int) -> dict[str, int]:
    """How many kills each kind gets; of the slow ones no more than there must be."""
    slow = [kind for kind in kinds if kind.name in SLOW]
    others = max(len(kinds) - len(slow), 1)
    each = max(LEAST, -(-(kills - LEAST * len(slow)) // others))
    return {kind.name: LEAST if kind in slow else each for kind in kinds}


@dataclass(frozen=True)
class Bench:
    """Plays stories of a kind until they have so many kills.

    Args:
        place: Where their folders stand until they are judged.
        cache: What was played of this run already.
        first: The first story of each kind that no run before has played.
    """

    place: Path
    code: str
    cache: Cache
    first: dict[str, int]

    def rows(self, kind: Kind, kills: int) -> list[dict[str, Any]]:
        """The rows of a kind."""
        # A start compiles for a minute otherwise; what a kill leaves there is JAX's matter.
        compiled = {
            "JAX_COMPILATION_CACHE_DIR": str(self.place / "jax"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
        with keyboard(**compiled) as typist:
            rows: list[dict[str, Any]] = []
            for row in self._stories(kind, typist):
                rows.append(row)
                if sum(one["kills"] for one in rows) >= kills:
                    break
        print(f"  {kind.name}: {len(rows)} stories", file=sys.stderr)
        return rows

    def _stories(self, kind: Kind, typist: Keyboard) -> Iterator[dict[str, Any]]:
        calm: Calm | None = None
        number = self.first.get(kind.name, 0)
        while True:
            task = {"kind": kind.name, "story": number, "code": self.code}
            row = self.cache.get(task)
            if row is None:
                calm = calm or calm_run(kind, typist, self.place, twice=True)
                folder = self.place / f"{kind.name}-{number}"
                kills = kills_of(kind, calm, Random(f"{kind.name} {number}"))
                row = {**task, **_told(play(kind, calm, typist, folder, kills))}
                self.cache.add(row)
                _put_away(folder, row)
            yield row
            number += 1


def _told(verdict: Verdict) -> dict[str, Any]:
    return {
        "kills": sum(verdict.kills.values()),
        "ways": dict(verdict.kills),
        **{name: verdict.faults[name] for name in FAULTS},
        "lines": verdict.lines[:20],
    }


def _put_away(folder: Path, row: dict[str, Any]) -> None:
    """Forgets a story's folders; those of one that was wrong are for a person to look at."""
    if row["lines"]:
        print(f"  {row['kind']} {row['story']}: {row['lines'][0]}", file=sys.stderr)
        for path in folder.parent.glob(f"{folder.name}*"):
            shutil.rmtree(WRONG / path.name, ignore_errors=True)
            shutil.copytree(path, WRONG / path.name)
    forget(folder)


def total(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The sum of stories, or of sums of them."""
    ways: Counter[str] = Counter()
    for row in rows:
        ways.update(row["ways"])
    sums = {name: sum(row[name] for row in rows) for name in ("kills", *FAULTS)}
    return {"stories": sum(row.get("stories", 1) for row in rows), **sums, "ways": dict(ways)}


def _table(output: Output, kinds: dict[str, list[dict[str, Any]]]) -> None:
    output.say(f"{'':18}{'stories':>9}{'kills':>7}" + "".join(f"{name:>14}" for name in FAULTS))
    for kind, rows in kinds.items():
        one = total(rows)
        faults = "".join(f"{one[name]:14}" for name in FAULTS)
        output.say(f"{kind:18}{one['stories']:9}{one['kills']:7}{faults}")


def _ways(output: Output, rows: Sequence[dict[str, Any]]) -> None:
    """How often what was killed, and when."""
    ways = total(rows)["ways"]
    victims, calls = Counter[str](), Counter[str]()
    for way, count in ways.items():
        moment, _, victim = way.rpartition(", ")
        victims[victim] += count
        calls[moment.partition(" of the ")[0]] += count
    for counts in (victims, calls):
        output.say("  " + ", ".join(f"{name} {count}" for name, count in counts.most_common()))


def _keep(kinds: dict[str, list[dict[str, Any]]], code: str) -> None:
    """Adds the sums of this run to the committed ones."""
    date = datetime.now(UTC).date().isoformat()
    ROWS.parent.mkdir(parents=True, exist_ok=True)
    with ROWS.open("a", encoding="utf-8") as file:
        for kind, rows in kinds.items():
            until = max(row["story"] for row in rows) + 1
            line = {"kind": kind, "code": code, "date": date, "until": until, **total(rows)}
            file.write(json.dumps(line) + "\n")


def _chosen(names: str) -> list[Kind]:
    kinds = [KINDS[name] for name in names.split(",")] if names else list(KINDS.values())
    missing = [one.name for one in kinds if not all(map(find_spec, NEEDS.get(one.name, ())))]
    if missing:
        print(f"Not played, for want of their libraries: {', '.join(missing)}", file=sys.stderr)
    return [one for one in kinds if one.name not in missing]


def _played(asked: argparse.Namespace, code: str) -> dict[str, list[dict[str, Any]]]:
    """The stories of each kind, several kinds at once if that is asked for."""
    kinds = _chosen(asked.kinds)
    kills = {kind.name: 1 for kind in kinds} if asked.quick else quotas(kinds, asked.kills)
    first = {row["kind"]: row["until"] for row in earlier_rows()}
    # Not beside the checkout: what is typed there would ask git about it each time.
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        name = Path(folder) / "rows" if asked.quick else BENCH / "kills.jsonl"
        bench = Bench(Path(folder), code, Cache(name, ("kind", "story", "code")), first)
        with ThreadPoolExecutor(asked.at_once) as pool:
            tasks = {one.name: pool.submit(bench.rows, one, kills[one.name]) for one in kinds}
            return {name: task.result() for name, task in tasks.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=KILLS, help="of all kinds together, at least")
    parser.add_argument("--kinds", default="", help="names, with commas; all of them if not given")
    parser.add_argument("--at-once", type=int, default=1, help="kinds that are played at once")
    parser.add_argument("--quick", action="store_true", help="a story a kind, nothing kept")
    asked, code = parser.parse_args(), code_of_ours()
    output = Output("kills", keep=not asked.quick)
    output.say(f"Etude {version(sys.executable, 'etude')}, Python {sys.version.split()[0]}, {code}")
    earlier, played = earlier_rows(), _played(asked, code)
    if not asked.quick:
        _keep(played, code)
    of_all = [row for rows in played.values() for row in rows]
    _table(output, played)
    _ways(output, of_all)
    for row in of_all:
        for line in row["lines"]:
            output.say(f"  {row['kind']} {row['story']}: {line}")
    sums = total(of_all)
    figures = {name: sums[name] for name in ("kills", *FAULTS)}
    output.end({**figures, "kills_of_all_runs": total([*earlier, sums])["kills"]})


if __name__ == "__main__":
    main()
