"""Experiment: one question, its metric, the roles of its hyperparameters, its budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from html import escape
from importlib import import_module
from typing import Literal, final

from ..errors import ExperimentError
from ..space import Choice, Integer, Real, Scalar, Space, bare, plain
from ..text.signs import readable
from .hyperparameter import ROLES, Hyperparameter, Members, flat
from .methods import KINDS, Options, plain_options, schedule_method
from .objective import Objective
from .resources import Resources, resources_of
from .validation import mistakes, with_choices
from .validation.configurations import SPLIT_SEED, Configuration, configurations
from .validation.fields import StudyDesign

_DOMAINS = (Real, Integer, Choice)


@final
@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A question about a training pipeline and what may be spent on it.

    Roles are mappings from name to a domain (or a list of values, or a plain value when fixed).
    Under the reserved key `when` stand those that exist only for some scientific values, nested as
    in the file: `{"when": {"optimizer": {"adam": {"beta1": Real(0.7, 0.99)}}}}`.

    Args:
        metric: Judges the trials, as reported: `valid/error`. Lower is better unless `maximize`.
        max_steps: Training steps of every trial.
        kind: Of problem, of `playbook.problems`: rules ask for the hyperparameters that such
            problems usually have; training does not. None for any.
        trials: Trials of each study; there is one study for each scientific setting. Of a merged
            study, all trials; of configurations, their number, which may be left out.
        evaluations: Evaluations of a trial, evenly spaced by step; the last step is always one.
        train: `file.py:function`, relative to the experiment file; None when Python hands it over.
        search: Where settings come from: `quasi_random`, or another of `methods.SEARCHES`.
        search_options: The search's options, by name: `{"points": 5}` for a grid.
        schedule: What stops, continues or changes trials while they train, around the search:
            `asha`, `pbt`, `replay`; None trains each to its end.
        schedule_options: The schedule's options, by name: `{"eta": 4}`.
        studies: `split` for one study a scientific setting (R13), `merged` for one that samples the
            scientific values too, evenly (R14).
        seed: Everything random derives from it.
        validation_examples: Examples behind one value of the metric. With it, the verdict counts
            the sampling error of a metric that is a rate between 0 and 1.
        chance: What the metric reaches by chance: without learning, as a guess of the most frequent
            class does. With it the first round says whether its trials are clearly better (S11).
        max_trial_s: Wall-clock limit of a trial in seconds, None for none.
        diverged_above: A trial whose loss rises above its first value by more than this many times
            that value is infeasible; False switches the rule off.
        keep_checkpoints: How many of a trial's best checkpoints are kept, beside the last (K1).
        evaluate_training: How many training examples a workload is evaluated on beside those of
            validation, evenly spread over all; 0 for none.
        parent: The name of the round before.
        baseline: The file of the launched configuration, beside this one's; a file inherits from it
            what it does not name, below `fixed`.
        acknowledge: Rules whose findings about this design are known and accepted: `("S3",)`. They
            become caveats of its report.
        configurations: Settings listed by hand, in place of nuisance ranges and a search (R12).
        observed: Hyperparameters whose bounds are only the outermost values that were tried, as an
            import without a space has them: every finding about such a bound says so.
        names: What a name of yours is, among those that the playbook knows: `{"lr_x":
            "learning_rate"}`; an empty text for none of them. Rules, checks and procedures ask for
            it, training does not.
        constraints: Expressions over the names of hyperparameters and `max_steps`, which hold in
            every setting that is tried: `width % heads == 0`. Each applies in the studies where
            all its names exist.
        resources: What one trial takes, for every runner; the table of a file will do.
        track: Trackers that follow the store, each with its options: `{"wandb": {"project":
            "digits"}}`.

    Raises:
        ExperimentError: with every mistake at once.

    Source: R3, R4, R11, R12, R13, R14, S11, T4, W5, W6.
    """

    metric: str
    max_steps: int
    trials: int = 0  # none: needed, unless configurations are listed
    name: str = "experiment"
    question: str = ""
    notes: str = ""
    kind: str | None = None
    maximize: bool = False
    evaluations: int = 50
    train: str | None = None
    search: str = "quasi_random"
    search_options: Options = field(default_factory=dict)
    schedule: str | None = None
    schedule_options: Options = field(default_factory=dict)
    studies: StudyDesign = "split"
    seed: int = 0
    validation_examples: int | None = None
    chance: float | None = None
    max_trial_s: float | None = None
    # Heuristic: healthy losses start at or above their later values, and a start a hundred
    # times exceeded is seldom recovered; kept high, because a spike that recovers is no divergence.
    diverged_above: float | Literal[False] = 100.0
    keep_checkpoints: int = 1
    evaluate_training: int = 0
    parent: str | None = None
    baseline: str | None = None
    acknowledge: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    scientific: Members = field(default_factory=dict)
    nuisance: Members = field(default_factory=dict)
    fixed: Members = field(default_factory=dict)
    configurations: tuple[Configuration, ...] = ()
    resources: Resources = field(default_factory=Resources)
    track: Mapping[str, Mapping[str, Scalar]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Turns lists into choices and refuses mistakes, all at once."""
        given = {key.name: getattr(self, key.name) for key in fields(self)}
        if wrong := mistakes(given):
            raise ExperimentError(tuple(wrong))
        options = {f"{kind}_options" for kind in KINDS}
        tables = {*ROLES, *options, "names", "resources", "track"}
        for name in given.keys() - tables:  # NumPy's whole numbers become Python's
            object.__setattr__(self, name, plain(given[name]))
        for name in options:
            object.__setattr__(self, name, plain_options(given[name]))
        for role in ("scientific", "nuisance"):
            object.__setattr__(self, role, with_choices(given[role]))
        object.__setattr__(self, "fixed", with_choices(given["fixed"], lists=False))
        object.__setattr__(self, "acknowledge", tuple(self.acknowledge))
        object.__setattr__(self, "configurations", configurations(self.configurations))
        if self.configurations:
            object.__setattr__(self, "trials", len(self.configurations))
            object.__setattr__(self, "search", "listed")
        object.__setattr__(self, "observed", tuple(self.observed))
        object.__setattr__(self, "names", dict(self.names))
        object.__setattr__(self, "constraints", tuple(self.constraints))
        object.__setattr__(self, "resources", resources_of(self.resources))
        object.__setattr__(self, "track", {key: dict(one) for key, one in self.track.items()})
        for name in ("chance", "max_trial_s", "diverged_above"):
            if (value := getattr(self, name)) is not None and value is not False:
                object.__setattr__(self, name, float(value))

    @property
    def objective(self) -> Objective:
        """What trials are judged by."""
        return Objective(self.metric, self.maximize)

    @property
    def is_of_splits(self) -> bool:
        """Whether its trials are trained on other splits of the data, named in their rows."""
        return any(SPLIT_SEED in row for row in self.configurations)

    @property
    def hyperparameters(self) -> tuple[Hyperparameter, ...]:
        """Every hyperparameter in its role, sorted by role and path."""
        return tuple(
            hyperparameter
            for role in ROLES
            for hyperparameter in sorted(flat(role, getattr(self, role)), key=lambda one: one.path)
        )

    def _repr_html_(self) -> str:
        """Its file, for a notebook."""
        # The writer stands above this module on the ladder: it is loaded when a notebook asks.
        text: str = import_module("etude.experiment.toml").dumps(self)
        return f"<pre>{escape(readable(text), quote=False)}</pre>"


def changes(old: Experiment, new: Experiment) -> list[str]:
    """The keys whose change bears on results, so that a store may not mix them under one name.

    More `trials` or configurations only extend a study, and so do those of a grid whose first
    points stay; notes, units, limits and what a verdict
    counts may change freely.
    """
    free = {"question", "notes", "validation_examples", "max_trial_s", "keep_checkpoints", "train"}
    free |= {"acknowledge", "observed", "names", "kind", "chance", "resources", "track"}
    free |= {"baseline"}  # what is inherited from it stands in `fixed`, which bears
    changed = [
        key.name
        for key in fields(Experiment)
        if key.name not in free and _relevant_part(old, key.name) != _relevant_part(new, key.name)
    ]
    # A larger population would have been trained otherwise from its first generation on.
    may_grow = not schedule_method(new.schedule).population
    grows = "trials" in changed and new.trials > old.trials and may_grow
    if grows and not _is_another_grid(old, new):
        changed.remove("trials")
    if "configurations" in changed:
        begin = new.configurations[: len(old.configurations)]
        if old.configurations and begin == old.configurations:
            changed.remove("configurations")
    return changed


def _is_another_grid(old: Experiment, new: Experiment) -> bool:
    """Whether more trials make a grid that does not begin with the points of the one before."""
    if new.search != "grid" or new.search_options.get("points") is not None:
        return False
    of_space = import_module("etude.space.grid")  # NumPy: an experiment is read without it
    nuisance = [one for one in new.hyperparameters if one.role == "nuisance"]
    for conditions in _held_together(nuisance):
        axes = {one.name: one.value for one in nuisance if {*one.when} <= conditions}
        space = Space({name: one for name, one in axes.items() if isinstance(one, _DOMAINS)})
        before, after = (
            of_space.grid(space, of_space.counts(space, None, one.trials)) for one in (old, new)
        )
        if before.tolist() != after[: len(before)].tolist():
            return True
    return False


def _held_together(hyperparameters: Sequence[Hyperparameter]) -> set[frozenset[tuple[str, str]]]:
    """The conditions that can hold in one study, each set of them once."""
    sets: set[frozenset[tuple[str, str]]] = {frozenset()}
    for when in {one.when for one in hyperparameters}:
        sets |= {one | {*when} for one in sets}
    return {one for one in sets if len(dict(one)) == len(one)}


def _relevant_part(experiment: Experiment, key: str) -> object:
    """The part of a key that bears on results: no order of constraints, no units and limits."""
    value = getattr(experiment, key)
    if key == "constraints":
        return set(value)
    return {one.keys: bare(one.value) for one in flat(key, value)} if key in ROLES else value
