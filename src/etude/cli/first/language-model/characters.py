"""The text: source files of Python's standard library. Give `load` your own."""

import sysconfig
from pathlib import Path

import numpy as np

CHARACTERS = 128  # ASCII
WINDOW = 32  # characters to read, each followed by the one to predict
# On every machine that has Python; enough to learn from, little enough to be read at once.
FILES = "argparse difflib doctest inspect mailbox pickletools subprocess tarfile".split()
VALIDATED = 8192  # characters


def load():
    """Windows (N, WINDOW + 1) of characters by number, to train on and to validate on."""
    library = Path(sysconfig.get_path("stdlib"))
    text = "".join((library / f"{name}.py").read_text(encoding="utf-8") for name in FILES)
    characters = np.frombuffer(text.encode("ascii", "ignore"), dtype=np.uint8).astype(np.int64)
    cut = len(characters) * 9 // 10
    training = np.lib.stride_tricks.sliding_window_view(characters[:cut], WINDOW + 1)
    held = characters[cut : cut + VALIDATED]
    whole = len(held) // (WINDOW + 1) * (WINDOW + 1)
    return training, held[:whole].reshape(-1, WINDOW + 1)
