"""Where the training code comes from, and the runner that trains it."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from pathlib import Path
from typing import final

from ..errors import InputError, RunError
from ..event import Refused
from ..experiment import Resources
from ..runner import imported
from ..runner.base import Runner
from ..runner.devices import this_machine
from ..runner.imported import is_users
from ..runner.inline import Inline
from ..runner.placement import refuse_too_much
from ..runner.processes import Processes
from ..runner.selection import RUNNERS, kind_of
from ..runner.user_code import train_file, train_function, trainer
from ..runner.user_errors import user_traceback
from ..store import path_of
from ..store.base import Store
from ..trial import TrainFunction
from .guard import refusal
from .imported_files import imported_files


@final
@dataclasses.dataclass(frozen=True)
class Source:
    """Where the train function comes from: a reference relative to a folder, or itself."""

    reference: str | None
    folder: Path
    function: TrainFunction | None

    def load(self) -> TrainFunction:
        """The function in this process.

        Raises:
            TrainError: when its module raises while it is imported.
        """
        if self.function is not None:
            imported.note_function(self.function, self.folder)
            return trainer(self.function)
        try:
            return train_function(self._given_reference(), self.folder)
        except (InputError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise refusal(Refused(-1, "import", user_traceback(error))) from error

    @property
    def script(self) -> Path | None:
        """The file that the function is loaded from; None for one that was handed over."""
        return None if self.function is not None else train_place(self.reference, self.folder)

    def importable(self) -> tuple[str, Path]:
        """File and function for another process to import."""
        if self.function is None:
            train_file(self._given_reference(), self.folder)
            return self._given_reference(), self.folder
        file, name = source_file(self.function), getattr(self.function, "__qualname__", "it")
        if not Path(file).is_file() or not name.isidentifier():
            raise RunError(
                f"The runner `processes` imports the train function, but `{name}` is not at the "
                'top level of a file. Move it there, or use runner="inline".'
            )
        return f"{Path(file).name}:{name}", Path(file).parent

    def _given_reference(self) -> str:
        if self.reference is None:
            raise RunError(
                "There is nothing to train with. Pass a function to `run`, or write "
                '`train = "train.py:train"` in [experiment].'
            )
        return self.reference


def runner_of(
    runner: Runner | str | None,
    source: Source,
    workers: int | None,
    resources: Resources,
    *,
    store: Store | str | Path | None = "memory",
) -> Runner:
    """The runner that was asked for, by name or as it is; one that is handed over knows its own.

    `store` is the run's, which is shipped nowhere.

    Raises:
        RunError: for a name that no runner has, one that cannot train what it is handed, or where
            trials take more resources than there are.
    """
    if runner is not None and not isinstance(runner, str):
        return runner
    name = runner or ("inline" if source.function else "auto")
    if name == "inline" and (workers or 1) > 1:
        raise RunError(
            f"The runner `inline` trains one trial at a time, but workers={workers}. "
            'Leave `workers` out, or pass runner="processes".'
        )
    if name == "inline":
        if resources.is_said:
            refuse_too_much(resources, this_machine())
        return Inline(source.load, script=source.script)
    if kind_of(name) == "ray":
        return _ray(name, source, workers, resources, path_of(store))
    if name in RUNNERS and RUNNERS[name].in_workers:
        reference, folder = source.importable()
        return Processes(reference, folder, workers=workers, resources=resources)
    known = ", ".join(f"`{one}`" for one in RUNNERS)
    raise RunError(
        f"There is no runner `{name}`. Known: {known}, or the address of a Ray cluster, host:port."
    )


def _ray(
    address: str, source: Source, workers: int | None, resources: Resources, store: Path | None
) -> Runner:
    """The runner on a cluster, with the code that it is to ship there.

    Raises:
        RunError: without Ray, or for a cluster that cannot be used.
    """
    try:
        from ..runner.ray.runner import Ray
        from ..runner.ray.shipping import parcel
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise RunError("The runner `ray` needs Ray: `pip install 'etude[ray]'`.") from error
    reference, folder = source.importable()
    program = (folder / reference.rpartition(":")[0]).resolve()
    places = [Path(place).resolve() for place in sys.path if place and is_users(f"{place}/any.py")]
    # Etude stands on the nodes, also where it is worked on here.
    roots = [place for place in places if not (place / "etude" / "__init__.py").is_file()]
    code = imported_files([program], [folder.resolve(), *roots])
    shipped = parcel(sorted(code), folder, resources.files, roots, store=store)
    return Ray(
        reference, folder, address=address, workers=workers, resources=resources, parcel=shipped
    )


def train_place(reference: str | None, folder: Path) -> Path | None:
    """The file of a reference such as `train.py:train`; None without one."""
    return folder / reference.rpartition(":")[0] if reference else None


def source_file(train: TrainFunction | None) -> str:
    """The file of a function; empty for what has none, such as a partial."""
    try:
        return (inspect.getsourcefile(train) if train else None) or ""
    except TypeError:
        return ""
