"""Kinds of errors: which speak of the code and the machine, and which may be a setting's."""

from __future__ import annotations

import builtins
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..wording import join

_PLACE = re.compile(r'^ *File "(.+)", line (\d+)', re.MULTILINE)
_KIND = re.compile(r"^([A-Za-z_][\w.]*)(?=:|$)", re.MULTILINE)
# As a runner writes below the traceback of an exception that a user's module defines.
_BASE = re.compile(r"^\(\w+ is an? (\w+)\.\)$", re.MULTILINE)
# A group of exceptions has its own traceback first, behind signs that draw a tree.
_GROUP = "  + Exception Group Traceback"
_TREE = "  | "
_CAUSE = "The above exception was the direct cause of the following exception:"

# Python's own kinds that speak of files, networks, imports, texts and types. A value of a setting
# may be at their bottom all the same, which `record.tied` asks of the other trials. Not among them:
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
# What a trial keeps whose workers died, in place of a traceback.
_DIED = re.compile(r"^Its worker died \d+ times; the last time: (.+?)\.?$")
_WRAPPERS = frozenset(("RuntimeError", "Exception"))
# Where Python and what was installed beside it stand, on any system; all else is a user's own.
_LIBRARY_FILE = re.compile(
    r"[/\\](?:site|dist)-packages[/\\]|[/\\]lib(?:64)?[/\\]python\d[\w.]*[/\\]|"
    r"[/\\]Python\d*[/\\]Lib[/\\]|^<frozen "
)


def error_site(text: str) -> str:
    r"""The kind and place of an error by its traceback, equal for the same mistake.

    The place is the last line of the user's own, where the traceback has one.

    >>> error_site('Traceback:\n  File "/a/train.py", line 12, in train\nValueError: no width 3')
    'ValueError at train.py:12'
    >>> error_site("ValueError: `batch_size` is 0")
    'ValueError'
    >>> error_site("Its worker died 3 times; the last time: exit code 1.")
    'exit code 1'
    """
    if died := _DIED.match(text):
        return died[1]
    text = _without_tree(text)
    if not text.startswith("Traceback"):
        kind = _KIND.match(text)  # raised below no frame of the user's
        return kind[1] if kind else "without an exception"
    places = list(_PLACE.finditer(text))
    kind = _KIND.search(text, places[-1].end() if places else 0)
    return f"{kind[1] if kind else 'An exception'} at {_own_place(places)}"


def _without_tree(text: str) -> str:
    """The traceback of a group of exceptions as that of one; any other text as it is."""
    first, _, rest = text.partition("\n")
    if not first.startswith(_GROUP):
        return text
    own = itertools.takewhile(lambda line: line.startswith(_TREE), rest.splitlines())
    return "\n".join(["Traceback", *(line.removeprefix(_TREE) for line in own)])


def last_line(text: str) -> str:
    """What an error says, by its traceback: its last line; of a group, that of the group itself."""
    lines = _without_tree(text).splitlines()
    return lines[-1] if lines else ""


def counted_sites(texts: Iterable[str]) -> dict[str, int]:
    r"""How many errors are of each kind and place, by their tracebacks; most frequent first.

    >>> counted_sites(["KeyError: 'a'", "OSError: no disk", "OSError: no file"])
    {'OSError': 2, 'KeyError': 1}
    """
    counts = Counter(map(error_site, texts))
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def sites_text(sites: Mapping[str, int]) -> str:
    """Each kind and place in a row with its count; one alone needs none.

    >>> sites_text({"OSError at a.py:1": 5, "KeyError at a.py:2": 3}), sites_text({"OSError": 5})
    ('5 OSError at a.py:1, 3 KeyError at a.py:2', 'OSError')
    """
    if len(sites) == 1:
        return next(iter(sites))
    return join([f"{count} {site}" for site, count in sites.items()])


def errors_text(sites: Mapping[str, int]) -> str:
    """What errors of the code or the machine are, up to what they say: of one kind, or of more."""
    if len(sites) == 1:
        return "an error of the code or the machine, which says"
    return "errors of the code or the machine, which say"


def _own_place(places: Sequence[re.Match[str]]) -> str:
    """The last line of the user's own, else of a library."""
    if not places:
        return "an unknown place"
    own = [place for place in places if not _LIBRARY_FILE.search(place[1])]
    last = (own or places)[-1]
    return f"{Path(last[1]).name}:{last[2]}"


def is_of_code(text: str) -> bool:
    r"""Whether an error is by its kind the code's or the machine's, and no setting's by itself.

    Args:
        text: The traceback, or the last line of it.

    >>> is_of_code("FileNotFoundError: [Errno 2] No such file or directory: 'train.npy'")
    True
    >>> is_of_code("requests.exceptions.ReadTimeout: timed out"), is_of_code("ValueError: width")
    (True, False)

    A worker that was killed from outside may have lacked memory, as out of memory may be the
    setting's; one that ends itself, or crashes, is the code's or the machine's.
    """
    if died := _DIED.match(text):
        return not died[1].startswith("SIGKILL")
    *causes, last = text.split(_CAUSE)
    kind = kind_of(last)
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


def kind_of(text: str) -> str:
    """The class of an error, by its traceback; empty without one."""
    site = error_site(text.strip())
    if _DIED.match(text.strip()):
        return site
    return site.partition(" ")[0] if site != "without an exception" else ""
