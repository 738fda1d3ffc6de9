"""How fast the command line answers and the package imports, beside Optuna's."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from measure import Child, Output, child, peer, version

HEAVY = ["scipy", "numpy", "torch", "pandas", "polars", "matplotlib", "altair", "sqlalchemy", "ray"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few repeats, nothing kept")
    quick = parser.parse_args().quick
    repeats = 3 if quick else 25
    optuna = peer("optuna")
    output = Output("startup", keep=not quick)
    output.say(
        f"Etude {version(sys.executable, 'etude')}, Optuna {version(optuna, 'optuna')}, "
        f"Python {sys.version.split()[0]}; {repeats} repeats in turn, after one that warms up"
    )
    commands: dict[str, list[str | Path]] = {
        "etude --help": [Path(sys.executable).with_name("etude"), "--help"],
        "optuna --help": [optuna.with_name("optuna"), "--help"],
        "import etude": [sys.executable, "-c", "import etude"],
        "import optuna": [optuna, "-c", "import optuna"],
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    runs: dict[str, list[Child]] = {name: [] for name in commands}
    for turn in range(repeats + 1):
        for name, command in commands.items():
            done = child(command, speaks=False)
            if turn:
                runs[name].append(done)
    wall = {name: 1e3 * median(run.wall_s for run in done) for name, done in runs.items()}
    cpu = {name: 1e3 * median(run.cpu_s for run in done) for name, done in runs.items()}
    output.say()
    output.say(f"{'median ms':18}{'wall':>8}{'CPU':>8}")
    for name in commands:
        output.say(f"{name:18}{wall[name]:8.0f}{cpu[name]:8.0f}")
    loaded = _loaded()
    output.say()
    output.say(f"Of {', '.join(HEAVY)},\n`import etude` loads: {', '.join(loaded) or 'none'}")
    figures = {
        "help_over_optuna": wall["etude --help"] / wall["optuna --help"],
        "help_over_optuna_cpu": cpu["etude --help"] / cpu["optuna --help"],
        "import_over_optuna": wall["import etude"] / wall["import optuna"],
        "heavy_imports": len(loaded),
    }
    output.say()
    for key, bar in (("help_over_optuna", 0.5), ("heavy_imports", 0.5)):
        output.say(f"{key:18}{figures[key]:8.3f}   {'holds' if figures[key] < bar else 'MISSED'}")
    output.end(figures)


def _loaded() -> list[str]:
    code = f"import sys, json, etude; print(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
