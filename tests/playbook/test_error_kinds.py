"""What an error speaks of by its kind, and what ties it to a value."""

import pytest
from tests.factories import RATE, record, study

from etude.playbook.error_kinds import error_site, is_of_code
from etude.record import tied, unsaid
from etude.space import Choice

PLACE = 'Traceback (most recent call last):\n  File "/a/train.py", line 12, in train\n    build()\n'


@pytest.mark.parametrize(
    "last",
    [
        "FileNotFoundError: [Errno 2] No such file or directory: 'a.npy'",
        "PermissionError: [Errno 13] Permission denied",
        "ModuleNotFoundError: No module named 'apex'",
        "ImportError: cannot import name 'x'",
        "ConnectionResetError: [Errno 104] Connection reset by peer",
        "TimeoutError",
        "KeyError: 'swish'",
        "TypeError: unsupported operand",
        "AttributeError: 'NoneType' object has no attribute 'shape'",
        "NameError: name 'modle' is not defined",
        "UnboundLocalError: cannot access local variable 'loss'",
        "NotImplementedError",
        "UnicodeDecodeError: 'utf-8' codec can't decode",
        "requests.exceptions.ReadTimeout: HTTPSConnectionPool",
        "urllib3.exceptions.MaxRetryError: Max retries exceeded",
        "huggingface_hub.errors.RepositoryNotFoundError: 404",
        "json.decoder.JSONDecodeError: Expecting value",
        "subprocess.CalledProcessError: Command 'wget' returned 4",
        "_pickle.UnpicklingError: pickle data was truncated",
        "torch.AcceleratorError: CUDA error: unspecified launch failure",
        "RuntimeError: CUDA error: an illegal memory access was encountered",
        "RuntimeError: DataLoader worker (pid 7) is killed by signal: Bus error.",
        "train.NoShards: none in /data\n(NoShards is a FileNotFoundError.)",
    ],
)
def test_what_speaks_of_files_networks_names_and_types_is_the_codes(last):
    assert is_of_code(PLACE + last)


@pytest.mark.parametrize(
    "last",
    [
        "ValueError: width must be divisible by heads",
        "RuntimeError: mat1 and mat2 shapes cannot be multiplied (4x3 and 4x3)",
        "ZeroDivisionError: division by zero",
        "OverflowError: math range error",
        "FloatingPointError: underflow",
        "AssertionError",
        "IndexError: index 40 is out of range",
        "numpy.linalg.LinAlgError: Singular matrix",
        "torch.linalg.LinAlgError: not positive-definite",
        "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "train.TooWide: 4096",
    ],
)
def test_what_may_be_a_settings_is_not_the_codes(last):
    assert not is_of_code(PLACE + last)


def test_without_a_text_nothing_is_the_codes():
    assert not is_of_code("")


def test_a_wrapper_is_what_it_was_raised_from():
    cause = f"{PLACE}FileNotFoundError: a.npy\n\nThe above exception was the direct cause of the "
    wrapped = f"{cause}following exception:\n\n{PLACE}"

    assert is_of_code(f"{wrapped}RuntimeError: training failed")
    assert not is_of_code(f"{wrapped}ValueError: no such width")


def failed(kind, trial, setting, of):
    return record(
        of, trial, None, setting, reason="error", detail=f"{PLACE}{kind}: no", status="infeasible"
    )


ACTIVATIONS = study({"learning_rate": RATE, "activation": Choice(("relu", "gelu", "swish"))})


def trials(fails, kind="KeyError"):
    settings = [
        {"learning_rate": 0.01 + 0.001 * k, "activation": ("relu", "gelu", "swish")[k % 3]}
        for k in range(15)
    ]
    return [
        failed(kind, k, setting, ACTIVATIONS)
        if fails(setting, k)
        else record(ACTIVATIONS, k, 0.5, setting)
        for k, setting in enumerate(settings)
    ]


def test_an_error_of_the_code_at_one_value_is_tied_to_it():
    records = trials(lambda setting, _: setting["activation"] == "swish")

    (found,) = tied(ACTIVATIONS.space, records)

    assert (found.hyperparameter, found.value, found.kind) == ("activation", "swish", "KeyError")
    assert found.trials == (2, 5, 8, 11, 14)
    assert unsaid(ACTIVATIONS.space, records) == frozenset()


@pytest.mark.parametrize(
    "fails",
    [
        lambda setting, k: setting["activation"] == "swish" or k == 0,
        lambda setting, k: setting["activation"] == "swish" and k > 2,
        lambda setting, k: k % 2 == 0,
    ],
)
def test_an_error_elsewhere_or_not_always_is_tied_to_no_value(fails):
    records = trials(fails)

    assert tied(ACTIVATIONS.space, records) == []
    assert unsaid(ACTIVATIONS.space, records) == {
        one.id for one in records if one.status == "infeasible"
    }


def test_an_error_of_a_setting_is_never_unsaid():
    records = trials(lambda setting, k: k % 2 == 0, kind="ValueError")

    assert unsaid(ACTIVATIONS.space, records) == frozenset()


def test_the_place_of_an_error_is_the_users_own_line():
    text = (
        'Traceback (most recent call last):\n  File "/srv/a/train.py", line 7, in load\n'
        '  File "/venv/lib/python3.12/site-packages/numpy/lib/_npyio_impl.py", line 454, in load\n'
        "FileNotFoundError: w0.npy"
    )

    assert error_site(text) == "FileNotFoundError at train.py:7"
