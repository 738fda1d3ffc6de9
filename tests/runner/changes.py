"""Train functions that change process-wide state, every kind that the registry has.

Workers import them by `changes.py:NAME`. A trial first tells what it finds, then changes it.
"""

from __future__ import annotations

import decimal
import gc
import locale
import logging
import multiprocessing
import os
import random
import re
import signal
import sys
import tempfile
import warnings
import zlib

import numpy as np
import torch

from etude.runner.process_state import KINDS, read

TRIALS = 8
# It imports a compiler, for seconds, whose import sets what stays; asked of this process alone.
SLOW = "PyTorch's deterministic algorithms"


def loaded(name):
    """A library that the tests of this process load, and the workers do not: they start sooner."""
    return sys.modules[name]


def environment():
    os.environ["CUDA_VISIBLE_DEVICES"] = "7"
    os.environ["TZ"] = "Asia/Kolkata"
    os.environ.pop("HOME", None)


def loggers():
    logging.basicConfig(level="DEBUG", force=True)
    logging.getLogger("mine").addHandler(logging.StreamHandler())
    logging.getLogger("mine").setLevel("ERROR")


def temporary():
    tempfile.tempdir = "/nowhere"


def autocast():
    torch.set_autocast_enabled("cpu", True)
    torch.set_autocast_dtype("cpu", torch.float16)


def backend(path, value):
    holder, _, name = f"backends.{path}".rpartition(".")

    def change():
        target = torch
        for part in holder.split("."):
            target = getattr(target, part)
        setattr(target, name, value)

    return change


def uninitialized():
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # its class has it


CHANGES = {
    "the working folder": lambda: os.chdir("/"),
    "the environment": environment,
    "the mask of file modes": lambda: os.umask(0o777),
    "sys.path": lambda: sys.path.insert(0, "/nowhere"),
    "sys.argv": lambda: sys.argv.append("--lr"),
    "sys.stdout": lambda: setattr(sys, "stdout", sys.__stderr__),
    "sys.stderr": lambda: setattr(sys, "stderr", sys.__stdout__),
    "the recursion limit": lambda: sys.setrecursionlimit(5000),
    "the garbage collector": gc.disable,
    "the locale": lambda: locale.setlocale(locale.LC_ALL, "C.UTF-8"),
    "the decimal context": lambda: decimal.getcontext().__setattr__("prec", 3),
    "the warnings filters": lambda: warnings.simplefilter("ignore"),
    "the loggers": loggers,
    "the alarm": lambda: signal.alarm(3600),
    "the signal handlers": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "the folder of temporary files": temporary,
    "the way to start processes": lambda: multiprocessing.set_start_method("spawn", force=True),
    "NumPy's error state": lambda: np.seterr(all="raise"),
    "NumPy's print options": lambda: np.set_printoptions(precision=2),
    "NumPy's buffer size": lambda: np.setbufsize(16384),
    "pandas' options": lambda: loaded("pandas").set_option("display.max_rows", 3),
    "scikit-learn's configuration": lambda: loaded("sklearn").set_config(assume_finite=True),
    "JAX's configuration": lambda: loaded("jax").config.update("jax_enable_x64", True),
    "PyTorch's default dtype": lambda: torch.set_default_dtype(torch.float64),
    "PyTorch's default device": lambda: torch.set_default_device("meta"),
    "PyTorch's gradient mode": lambda: torch.set_grad_enabled(False),
    "PyTorch's anomaly detection": lambda: torch.autograd.set_detect_anomaly(True),
    "PyTorch's autocast": autocast,
    "PyTorch's deterministic algorithms": lambda: torch.use_deterministic_algorithms(True),
    "PyTorch's filling of uninitialized memory": uninitialized,
    "PyTorch's number of threads": lambda: torch.set_num_threads(3),
    "PyTorch's flushing of denormal numbers": lambda: torch.set_flush_denormal(True),
    "PyTorch's precision of float32 products": lambda: torch.set_float32_matmul_precision("high"),
    "torch.backends.fp32_precision": backend("fp32_precision", "tf32"),
    "torch.backends.cudnn.fp32_precision": backend("cudnn.fp32_precision", "tf32"),
    "torch.backends.cudnn.conv.fp32_precision": backend("cudnn.conv.fp32_precision", "ieee"),
    "torch.backends.cudnn.rnn.fp32_precision": backend("cudnn.rnn.fp32_precision", "ieee"),
    "torch.backends.cuda.matmul.fp32_precision": backend("cuda.matmul.fp32_precision", "tf32"),
    "torch.backends.mkldnn.matmul.fp32_precision": backend("mkldnn.matmul.fp32_precision", "bf16"),
    "torch.backends.mkldnn.conv.fp32_precision": backend("mkldnn.conv.fp32_precision", "bf16"),
    "torch.backends.mkldnn.rnn.fp32_precision": backend("mkldnn.rnn.fp32_precision", "bf16"),
    "torch.backends.cuda.matmul.allow_tf32": backend("cuda.matmul.allow_tf32", True),
    "torch.backends.cudnn.allow_tf32": backend("cudnn.allow_tf32", False),
    "torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction": backend(
        "cuda.matmul.allow_fp16_reduced_precision_reduction", False
    ),
    "torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction": backend(
        "cuda.matmul.allow_bf16_reduced_precision_reduction", False
    ),
    "torch.backends.cudnn.enabled": backend("cudnn.enabled", False),
    "torch.backends.cudnn.benchmark": backend("cudnn.benchmark", True),
    "torch.backends.cudnn.deterministic": backend("cudnn.deterministic", True),
    "torch.backends.mkldnn.enabled": backend("mkldnn.enabled", False),
    "torch.backends.mkldnn.deterministic": backend("mkldnn.deterministic", True),
    "torch.backends.opt_einsum.enabled": backend("opt_einsum.enabled", False),
    "torch.backends.opt_einsum.strategy": backend("opt_einsum.strategy", "greedy"),
    "PyTorch's flash attention": lambda: torch.backends.cuda.enable_flash_sdp(False),
    "PyTorch's mem_efficient attention": lambda: torch.backends.cuda.enable_mem_efficient_sdp(
        False
    ),
    "PyTorch's math attention": lambda: torch.backends.cuda.enable_math_sdp(False),
    "PyTorch's cudnn attention": lambda: torch.backends.cuda.enable_cudnn_sdp(False),
}


def observed():
    """What a trial finds, each kind a number, whatever addresses its text has."""
    values = read()
    # Those of PyTorch are set up by what it imports when it needs it: what an import sets stays.
    values["the loggers"] = {
        name: state for name, state in values["the loggers"].items() if name in ("", "mine")
    }
    values["sys.argv"] = len(values["sys.argv"])  # a worker's has the number of its line
    values["the environment"] = sorted(values["the environment"].items())
    texts = {name: re.sub(r"0x[0-9a-f]+", "", repr(value)) for name, value in values.items()}
    return {name: float(zlib.crc32(text.encode())) for name, text in texts.items()}


def drawn():
    """What the generators give."""
    return {
        "random": random.random(),
        "numpy": float(np.random.rand()),  # noqa: NPY002  # the process-wide generator is meant
        "torch": float(torch.rand((), dtype=torch.float32, device="cpu")),
    }


def changes_all(trial):
    """Reports what it finds as losses of its kinds, then makes every eighth change."""
    found = {f"found/{name}": value for name, value in (observed() | drawn()).items()}
    for step in trial.steps():
        if step == 0:
            trial.report(0, {"valid/loss": 1.0, **found})
    for name in sorted(KINDS.keys() & CHANGES.keys())[trial.id % TRIALS :: TRIALS]:
        if KINDS[name].library in sys.modules and name != SLOW:
            CHANGES[name]()


def imports_torch_lately(trial):
    """Its module is imported while it trains, and sets what every trial is to have."""
    import late  # type: ignore[import-not-found]  # beside this file, first on the path

    trial.report(0, {"valid/loss": late.size() + late.first()})


def changes_for_good(trial):
    """What PyTorch takes once a process."""
    if trial.id == 0:
        torch.set_num_interop_threads(3)
    trial.report(0, {"valid/loss": 1.0})
