"""Connections to other tools: their results come in, ours go out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ..errors import ImportFileError
from ..wording import did_you_mean

if TYPE_CHECKING:  # the command line asks for the kinds alone, and is to answer at once
    from .base import Reader

# A kind is a module or a folder here with a `read`, loaded on first use; `base.Reader` says what it
# promises, and tests/connect/test_readers.py holds every kind to it. The help of `etude import`,
# messages and tests take the names from here.
READERS = (
    "csv",
    "kerastuner",
    "lightning",
    "mlflow",
    "optuna",
    "raytune",
    "tensorboard",
    "wandb",
)


def reader(kind: str) -> Reader:
    """The function that reads the sources of a kind.

    Raises:
        ImportFileError: for a kind without a reader, or one whose library is missing.
    """
    if kind not in READERS:
        raise ImportFileError(f"There is no reader for `{kind}`. {did_you_mean(kind, READERS)}")
    try:
        read: Reader = import_module(f".{kind}", __name__).read
    except ModuleNotFoundError as error:
        if (error.name or "etude").split(".")[0] == "etude":
            raise  # a bug of ours, no missing library
        raise ImportFileError(
            f"The `{kind}` reader needs `{error.name}`: `pip install 'etude[{kind}]'`."
        ) from error
    return read
