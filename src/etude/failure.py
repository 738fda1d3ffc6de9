"""Failures: what an error speaks of by its kind, the setting or the code and the machine."""

from __future__ import annotations

import builtins
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from .record import Record
from .space import Choice, Scalar, Space

_PLACE = re.compile(r'^ *File "(.+)", line (\d+)', re.MULTILINE)
_KIND = re.compile(r"^([A-Za-z_][\w.]*)(?=:|$)", re.MULTILINE)
# As a runner writes below the traceback of an exception that a user's module defines.
_BASE = re.compile(r"^\(\w+ is an? (\w+)\.\)$", re.MULTILINE)
_CAUSE = "The above exception was the direct cause of the following exception:"

# Python's own kinds that speak of files, networks, imports, texts and types. A value of a setting
# may be at their bottom all the same, which `tied` asks of the other trials. Not among them:
# ValueError, ArithmeticError, RuntimeError, AssertionError and IndexError, by which code refuses
# sizes and numbers, and MemoryError, which has a reason of its own.
_OF_CODE = (
    OSError,
    ImportError,
    TypeError,
    KeyError,
    AttributeError,
    NameError,
    SyntaxError,
    NotImplementedError,
    EOFError,
    UnicodeError,
)
CODE_KINDS = frozenset(
    kind.__name__
    for kind in vars(builtins).values()
    if isinstance(kind, type) and issubclass(kind, _OF_CODE)
)
# Libraries of files, networks and other processes: whatever they raise is not a setting's.
_LIBRARIES = frozenset(
    {
        "aiohttp",
        "boto3",
        "botocore",
        "concurrent",
        "fsspec",
        "gcsfs",
        "google",
        "grpc",
        "h5py",
        "http",
        "httpcore",
        "httpx",
        "huggingface_hub",
        "json",
        "lmdb",
        "lzma",
        "mlflow",
        "multiprocessing",
        "paramiko",
        "pickle",
        "PIL",
        "pymongo",
        "redis",
        "requests",
        "s3fs",
        "shutil",
        "simplejson",
        "smart_open",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "tarfile",
        "urllib",
        "urllib3",
        "wandb",
        "webdataset",
        "yaml",
        "zipfile",
        "zlib",
    }
)
# Of any library: what PyTorch, JAX and others call such kinds.
_NAMES = re.compile(
    r"(Connection|Connect|Timeout|HTTP|Http|URL|SSL|Network|Socket|Import|ModuleNotFound|"
    r"FileNotFound|Permission|Authentication|Unpickling|Pickling|JSONDecode|Backend|Cuda|"
    r"Accelerator|CalledProcess|UnidentifiedImage|BadZipFile|TimeoutExpired)\w*$"
)
# What a RuntimeError says of a device, of workers that load data, and of files that are damaged.
_TEXTS = re.compile(
    r"CUDA error(?!.*ALLOC_FAILED)|cuDNN error|CUDNN_STATUS|NCCL|No CUDA GPUs|NVIDIA driver|"
    r"HIP error|DataLoader worker|PytorchStreamReader|Address already in use"
)
_WRAPPERS = frozenset(("RuntimeError", "Exception"))
# The usual 5 %, over all values of the lists of a study.
MAX_CHANCE = 0.05


def error_site(text: str) -> str:
    r"""The kind and place of an error by its traceback, equal for the same mistake.

    >>> error_site('Traceback:\n  File "/a/train.py", line 12, in train\nValueError: no width 3')
    'ValueError at train.py:12'
    >>> error_site("ValueError: `batch_size` is 0")
    'ValueError'
    """
    if not text.startswith("Traceback"):
        kind = _KIND.match(text)  # raised below no frame of the user's
        return kind[1] if kind else "without an exception"
    places = list(_PLACE.finditer(text))
    kind = _KIND.search(text, places[-1].end() if places else 0)
    place = f"{Path(places[-1][1]).name}:{places[-1][2]}" if places else "an unknown place"
    return f"{kind[1] if kind else 'An exception'} at {place}"


def is_of_code(text: str) -> bool:
    r"""Whether an error is by its kind the code's or the machine's, and no setting's by itself.

    Args:
        text: The traceback, or the last line of it.

    >>> is_of_code("FileNotFoundError: [Errno 2] No such file or directory: 'train.npy'")
    True
    >>> is_of_code("requests.exceptions.ReadTimeout: timed out"), is_of_code("ValueError: width")
    (True, False)
    """
    *causes, last = text.split(_CAUSE)
    kind = _kind_of(last)
    if kind.rpartition(".")[2] in _WRAPPERS and causes and is_of_code(causes[-1].strip()):
        return True
    base = _BASE.search(last)
    return (
        kind in CODE_KINDS
        or (base is not None and base[1] in CODE_KINDS)
        or kind.partition(".")[0] in _LIBRARIES
        or _NAMES.match(kind.rpartition(".")[2]) is not None
        or (kind == "RuntimeError" and _TEXTS.search(last) is not None)
    )


def _kind_of(text: str) -> str:
    site = error_site(text.strip())
    return site.partition(" ")[0] if site != "without an exception" else ""


def is_code_failure(record: Record) -> bool:
    """Whether a trial ended by an error of the code or the machine, as its kind has it.

    Source: C3.
    """
    return record.status == "infeasible" and record.reason == "error" and is_of_code(record.detail)


@final
@dataclass(frozen=True, kw_only=True)
class Tied:
    """A value of a list at which the code fails: at each trial with it, and at no other so."""

    hyperparameter: str
    value: Scalar
    kind: str
    trials: tuple[int, ...]


def tied(space: Space, records: Sequence[Record]) -> list[Tied]:
    """The values of lists that an error of the code is tied to, as far as that is hardly chance.

    Source: C3.
    """
    ended = [record for record in records if record.ended]
    lists = {name: domain for name, domain in space.domains.items() if isinstance(domain, Choice)}
    values = sum(len(domain.values) for domain in lists.values())
    return [
        one
        for name in lists
        for one in _tied_along(name, ended)
        if _is_no_chance(one, len(ended), values)
    ]


def _tied_along(name: str, ended: Sequence[Record]) -> Iterator[Tied]:
    at: dict[Scalar, list[Record]] = defaultdict(list)
    for record in ended:
        if name in record.setting:
            at[record.setting[name]].append(record)
    kinds = {record.id: _kind_of(record.detail) for record in ended if is_code_failure(record)}
    for value, there in at.items():
        kind = kinds.get(there[0].id, "")
        ids = tuple(record.id for record in there)
        elsewhere = kinds.keys() - set(ids)
        if (
            kind
            and all(kinds.get(one) == kind for one in ids)
            and not any(kinds[one] == kind for one in elsewhere)
        ):
            yield Tied(hyperparameter=name, value=value, kind=kind, trials=ids)


def _is_no_chance(one: Tied, ended: int, values: int) -> bool:
    """Whether as many failures among all trials hardly fall on one value by themselves."""
    failed = len(one.trials)
    return values / math.comb(ended, failed) <= MAX_CHANCE


def unsaid(space: Space, records: Sequence[Record]) -> frozenset[int]:
    """The trials that say nothing of their settings: failed by the code, at no value of a list.

    Source: C3.
    """
    failed = {record.id for record in records if is_code_failure(record)}
    if not failed:
        return frozenset()
    return frozenset(failed.difference(*(one.trials for one in tied(space, records))))
