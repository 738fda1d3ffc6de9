"""Etude's searches as a `Searcher` of Ray Tune, for those who stay there."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import Any, final

from ...disk.file import write_whole
from ...errors import RunError
from ...experiment import Experiment, baseline, toml
from ...experiment.small_file import bytes_of
from ...round.opening import with_lines
from .results import ITERATION
from .search_history import SearchHistory

try:
    from ray.tune.search import Searcher
except ImportError as error:
    raise RunError(f"`EtudeSearch` needs Ray Tune ({error}): `pip install 'ray[tune]'`.") from error

# Ray Tune tells a searcher that a trial failed, and not by what.
FAILED = "Ray Tune says that it raised an error; `error.txt` of the trial has which."


@final
class EtudeSearch(Searcher):
    """The settings of an experiment's studies, for `tune.TuneConfig(search_alg=...)`.

    The experiment gives space, roles, search, seed and metric, so neither `param_space` nor
    `metric` is needed. Its studies take turns, conditions hold, and the settings are those of
    `etude run`, in the same order. A trial that fails or whose metric becomes NaN is infeasible,
    which a search that adapts learns from. A step is a `training_iteration`, and stopping is Ray
    Tune's: an experiment with a schedule is refused.

    Args:
        experiment: An Experiment, or the path of its file.

    Raises:
        InputError: for what is wrong with the experiment.
    """

    def __init__(self, experiment: Experiment | str | Path) -> None:
        given, text, file = _read(experiment)
        with with_lines(text, file):
            self._history = SearchHistory(given)
        super().__init__(metric=given.metric, mode="max" if given.maximize else "min")

    def __reduce__(self) -> tuple[Any, ...]:
        """As text: Ray keeps a searcher in its own pickles, which outlive a version of Etude."""
        return _searcher, (toml.dumps(self.experiment),), self.dumps()

    def __setstate__(self, history: str) -> None:
        """Takes the history of a pickle."""
        self._history.loads(history)

    @property
    def experiment(self) -> Experiment:
        """What is searched."""
        return self._history.experiment

    def set_search_properties(
        self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any
    ) -> bool:
        """Refuses another metric or mode than the experiment's; `config` may hold constants only.

        Raises:
            RunError: for either.
        """
        del config, spec
        if (metric or self.metric, mode or self.mode) != (self.metric, self.mode):
            raise RunError(
                f"The experiment `{self.experiment.name}` is judged by `{self.metric}` "
                f'(mode="{self.mode}"), and Ray Tune was given metric={metric!r}, mode={mode!r}. '
                "Leave them out of `tune.TuneConfig`."
            )
        return False  # so that Ray refuses a range or a list in `param_space`

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        """The setting of the next trial; None to ask again later, FINISHED where all are out."""
        setting = self._history.begin(trial_id)
        if setting is None:
            if self._history.is_running:
                return None
            return self.FINISHED  # type: ignore[return-value]  # a text, as Ray's own searchers do
        return setting

    def on_trial_result(self, trial_id: str, result: Mapping[str, Any]) -> None:
        """Notes the metric's value."""
        self._note(trial_id, result)

    def on_trial_complete(
        self,
        trial_id: str,
        result: Mapping[str, Any] | None = None,
        error: bool = False,  # noqa: FBT001, FBT002  # Ray's signature
    ) -> None:
        """Ends a trial: without a result it was taken away, and with a new one it was stopped."""
        if error:
            self._history.end(trial_id, failed=FAILED)
            return
        is_new = result is None or self._note(trial_id, result)
        self._history.end(trial_id, stopped=is_new and not self._history.is_whole(trial_id))

    def dumps(self) -> str:
        """The history as JSON: the experiment, and a row a trial with its setting and values."""
        return self._history.dumps()

    def save(self, checkpoint_path: str | Path) -> None:
        """Writes the history to a file, as JSON."""
        write_whole(Path(checkpoint_path), self.dumps())

    def restore(self, checkpoint_path: str | Path) -> None:
        """Takes the history of a file that `save` wrote.

        Raises:
            RunError: for a file that is none, or of another experiment.
        """
        path = Path(checkpoint_path)
        try:
            text = bytes_of(path).decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(f"`{path}` cannot be read ({error}). Name what `save` wrote.") from error
        self._history.loads(text)

    def _note(self, trial_id: str, result: Mapping[str, Any]) -> bool:
        """Notes a result; whether it was not known yet."""
        value = result.get(self.metric)
        if not isinstance(value, Real):
            return False
        step = int(result.get(ITERATION, 1)) - 1
        return self._history.report(trial_id, step, float(value))


def _searcher(text: str) -> EtudeSearch:
    """A searcher by its experiment's text, as a pickle holds it."""
    return EtudeSearch(toml.loads(text))


def _read(experiment: Experiment | str | Path) -> tuple[Experiment, str, str]:
    """The experiment, its text, and its file where it has one."""
    if isinstance(experiment, Experiment):
        return experiment, "", ""
    given, text = baseline.read_with_baseline(Path(experiment))
    return given, text, str(experiment)
