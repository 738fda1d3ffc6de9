"""The texts: passages of Python's standard library. Give `load` your own."""

import re
import sysconfig
import zlib
from pathlib import Path

import numpy as np

# Which of these files is a passage from? They are on every machine that has Python.
FILES = "argparse difflib doctest inspect mailbox pickletools subprocess tarfile".split()
CLASSES = len(FILES)
WORDS = 24  # of a passage
BUCKETS = 4096  # a word is known by its hash: no vocabulary to keep
PASSAGES = 250  # of each file, so that all classes are as frequent


def load():
    """Words by number (N, WORDS) and labels (N,), to train on and to validate on."""
    numbers = np.stack([passages(name) for name in FILES]).reshape(-1, WORDS)
    labels = np.repeat(np.arange(CLASSES), PASSAGES)
    valid = np.arange(len(labels)) % 5 == 4  # every fifth: no passage overlaps another
    return (numbers[~valid], labels[~valid]), (numbers[valid], labels[valid])


def passages(name):
    """The first passages of a file, (PASSAGES, WORDS)."""
    text = (Path(sysconfig.get_path("stdlib")) / f"{name}.py").read_text(encoding="utf-8")
    words = re.findall(r"\w+|[^\w\s]", text.lower())[: PASSAGES * WORDS]
    return np.array([bucket(word) for word in words]).reshape(PASSAGES, WORDS)


def bucket(word):
    return zlib.crc32(word.encode()) % BUCKETS
