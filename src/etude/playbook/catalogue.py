"""The catalogue of common hyperparameters: it advises, and never overrides what a user wrote."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, final

from ..space import Choice, Domain, Integer, Real
from .words import runs, word_lists, words

Kind: TypeAlias = Literal[
    "optimizer", "regularization", "architecture", "schedule", "data", "budget"
]

# A person's own names by what they are taken for, as [names] in an experiment file has them; an
# empty text is nothing known.
Names: TypeAlias = Mapping[str, str]
NO_NAMES: Names = MappingProxyType({})
# Words of names whose values lie from 0 to 1: without 1 itself, or with it.
_BELOW_ONE = frozenset({"dropout", "drop", "momentum", "beta"})
# Entries of the catalogue that end there, whatever they are called: `b1`, `pdrop`.
_SHORT_OF_ONE = frozenset(
    {"momentum", "beta1", "beta2", "rmsprop_decay", "dropout", "stochastic_depth"}
)
_UP_TO_ONE = frozenset({"prob", "probability"})
# How experiments spell the optimizers of rule L3 and AdamW, beside their names here.
_OPTIMIZERS = {
    "sgd": ("vanilla_sgd", "plain_sgd"),
    "momentum": ("sgd_momentum", "momentum_sgd", "sgd_with_momentum", "sgdm", "heavy_ball"),
    "nesterov": ("nesterov_momentum", "sgd_nesterov", "nesterov_sgd", "nag"),
    "rmsprop": ("rms_prop",),
    "adam": (),
    "adamw": ("adam_w",),
    "nadam": ("nesterov_adam",),
}


@final
@dataclass(frozen=True, kw_only=True)
class Entry:
    """One common hyperparameter: its usual role, its limits and where a search of it starts.

    Args:
        role: Its role by default: `scientific`, `nuisance` or `fixed`.
        low: The lowest possible value.
        high: The highest possible value.
        start: A first range or list to search, where the optimizer does not matter or is not known.
        starts: The same for one optimizer.
        optimizers: The optimizers that have it; empty for all.
        tuned_from: The number of trials in a study from which tuning it pays; 0 for any number.
        switch: The hyperparameter that says whether it is there at all; empty without one.
        off: The value that means that it is not there.
        size: Whether it sets the size of the model.
        costs: Whether it changes what training or serving costs; what sets the size does.
        parts: Whether a part of a model may have one of its own, `lr_G`: its words may then have
            others beside them.
        alone: Aliases that mean it only where nothing stands beside them.
        beside: Words that may stand beside it although they may not beside others.
        not_beside: Words that may not, though they may beside others; nor in an outer segment.
    """

    name: str
    kind: Kind
    role: Literal["scientific", "nuisance", "fixed"]
    source: str
    aliases: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    start: Domain | None = None
    starts: Mapping[str, Domain] = field(default_factory=dict)
    optimizers: tuple[str, ...] = ()
    tuned_from: int = 0
    switch: str = ""
    off: float | None = None
    size: bool = False
    costs: bool = False
    parts: bool = False
    alone: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()
    not_beside: frozenset[str] = frozenset()

    def start_for(self, optimizer: str = "") -> Domain | None:
        """A first range to search with this optimizer; None where no general one is known."""
        return self.starts.get(known_optimizer(optimizer), self.start)

    def belongs_to(self, optimizer: str) -> bool:
        """Whether this optimizer has it; an unknown optimizer might."""
        known_name = known_optimizer(optimizer)
        return not (self.optimizers and known_name) or known_name in self.optimizers

    def can_be(self, value: object) -> bool:
        """Whether this may be a value of it: `clip = true` is a switch, and no norm.

        What is never 0 cannot be switched off either.
        """
        return not (isinstance(value, bool) and self.low == 0.0)


def known(name: str, names: Names = NO_NAMES) -> Entry | None:
    """The entry that a name is taken for: as `names` say, else by its words.

    Case, `_`, `-` and blanks make no difference, and the last segment of a nested name decides. A
    part of a model may have an entry of its own: `lr_G` is a learning rate. What only speaks of
    one is none: `lr_decay`, `use_dropout`.

    Source: R7, R9, S3 (each hyperparameter by what it is).

    >>> known("LR").name, known("optim/lr_G").name, known("encoder.dropout").name
    ('learning_rate', 'learning_rate', 'dropout')
    >>> known("lr_decay"), known("gizmo"), known("gizmo", {"gizmo": "momentum"}).name
    (None, None, 'momentum')
    """
    if name in names:
        return _by_name().get(_plain(names[name]))
    return known_alias(name) or _of_part(name)


@lru_cache(maxsize=4096)
def known_alias(name: str) -> Entry | None:
    """The entry of which the last segment, or the last two, is the name or an alias.

    Source: S2.

    >>> known_alias("optimizer.lr").name, known_alias("warmup.steps").name, known_alias("lr_G")
    ('learning_rate', 'warmup_steps', None)
    """
    *outer, last = words(name)
    nested = _by_name().get("".join((*outer[-1], *last))) if outer else None
    entry = nested or _by_name().get("".join(last))
    if entry is None:
        return None
    around = {word for segment in outer for word in segment}
    is_of_schedule = (
        "".join(last) in entry.alone and around & word_lists("hyperparameter")["schedules"]
    )
    return None if is_of_schedule or around & entry.not_beside else entry


@lru_cache(maxsize=4096)
def _of_part(name: str) -> Entry | None:
    """The entry that a part of a model has one of its own of; of `lr.G`, the last two segments."""
    *outer, last = words(name)
    for segment in (last, (*outer[-1], *last)) if outer else (last,):
        for joined, before, behind in runs(segment):
            entry = _by_name().get(joined)
            if entry is not None and entry.parts and joined not in entry.alone:
                around = {word for part in outer for word in part}
                fits = _may_qualify(entry, before, behind) and not around & entry.not_beside
                return entry if fits else None
    return None


def _may_qualify(entry: Entry, before: Sequence[str], behind: Sequence[str]) -> bool:
    """Whether the words around those of an entry leave it what it is."""
    lists = word_lists("hyperparameter")
    rest = {*before, *behind} - entry.beside
    ends = lists["ends"] if rest & lists["places"] else frozenset[str]()
    denied = (lists["never_beside"] - ends) | entry.not_beside
    if rest & denied or (set(behind) - entry.beside) & lists["never_behind"]:
        return False
    # Another entry's words beside them: whose value it is cannot be told.
    others = (other for part in (before, behind) for other, *_ in runs(part))
    return not any(
        (found := _by_name().get(other)) is not None
        and found.parts
        and other not in found.alone | entry.beside
        for other in others
    )


def known_switch(name: str, names: Names = NO_NAMES) -> Entry | None:
    """The entry of the strength that a hyperparameter of this name switches on and off, if any.

    >>> known_switch("use_dropout").name, known_switch("augmentation").name
    ('dropout', 'augmentation_strength')
    """
    bare = (
        name
        if name in names
        else re.sub(r"^(?:use|with|has|enable|apply)[-_ ]", "", name, flags=re.IGNORECASE)
    )
    by_switch = [one for one in _entries() if one.switch and _plain(one.switch) == _plain(name)]
    entry = known(bare, names) if name in names or not by_switch else by_switch[0]
    return entry if entry is not None and entry.switch else None


def known_names() -> tuple[str, ...]:
    """Every name and alias, as the catalogue writes them."""
    return tuple(name for entry in _entries() for name in (entry.name, *entry.aliases))


def entry_names() -> tuple[str, ...]:
    """The name of every entry, without aliases: what [names] may say of a hyperparameter."""
    return tuple(entry.name for entry in _entries())


def known_optimizer(text: str) -> str:
    """The optimizer that a value names; empty where it is not known.

    >>> known_optimizer("Nesterov_momentum"), known_optimizer("AdamW"), known_optimizer("lion")
    ('nesterov', 'adamw', '')
    """
    spellings = {name: map(_plain, (name, *others)) for name, others in _OPTIMIZERS.items()}
    return next((name for name, plain in spellings.items() if _plain(text) in plain), "")


def limits(name: str, domain: Domain) -> tuple[float, float]:
    """The lowest and the highest value that a bound of this hyperparameter can take, or infinity.

    A bound that stands on its limit cannot be moved, so that the best trials near it say nothing
    about the space. A domain that lies beyond the limits of its name means something else by it.

    Source: C1 (skip bounds that cannot move).

    >>> limits("momentum", Real(0.5, 0.9))
    (0.0, 1.0)
    """
    if isinstance(domain, Choice):
        return -math.inf, math.inf
    if domain.limits is not None:
        return domain.limits  # as the user says
    low, high = _by_scale(domain)
    entry = known(name)
    # By the catalogue; where it lacks the name, by its words.
    is_share = entry is None and _is_share(name)
    known_low = entry.low if entry else (0.0 if is_share else -math.inf)
    known_high = entry.high if entry else (1.0 if is_share else math.inf)
    is_unknown = entry is None and not is_share
    if is_unknown or domain.low < known_low or domain.high > known_high:
        return low, high
    # A linear bound at 0 or 1 is only a guess where the name is not known.
    if domain.scale == "linear":
        return known_low, known_high
    return max(low, known_low), min(high, known_high)


def stops_short(name: str) -> bool:
    """Whether the values end just below 1: exactly 1 makes no sense.

    A momentum of 1 never forgets, a dropout of 1 leaves nothing; a probability may well be 1.

    Source: C1.

    >>> stops_short("attn_dropout"), stops_short("top_p")
    (True, False)
    """
    entry = known(name)
    if entry is not None and entry.name in _SHORT_OF_ONE:
        return True
    words = _words(name)
    return bool(words & _BELOW_ONE) or {"ema", "decay"} <= words


def _is_share(name: str) -> bool:
    """Whether a word of the name says that its values lie from 0 to 1, as in `dropout_1`.

    `decay` and `rate` say it only beside others: a weight decay and a learning rate may exceed 1.
    """
    return stops_short(name) or bool(_words(name) & _UP_TO_ONE) or _last(name) == "top_p"


def _words(name: str) -> set[str]:
    """The words of the name's last part, without the numbers that follow them."""
    return {word.rstrip("0123456789") for word in _last(name).split("_")}


def _last(name: str) -> str:
    return re.split(r"[./]", name)[-1].casefold().replace("-", "_")


def _by_scale(domain: Real | Integer) -> tuple[float, float]:
    """The limits that a scale has, or that a linear range at 0 or 1 suggests."""
    if domain.scale == "log":
        return (1.0 if isinstance(domain, Integer) else 0.0), math.inf
    if domain.scale == "one_minus_log":
        # Below 0, 1 - x is above 1: not what this scale is for, unless the domain is there already.
        return (0.0 if domain.low >= 0 else -math.inf), 1.0
    low = 0.0 if domain.low == 0 else -math.inf
    return low, (1.0 if domain.high == 1 and domain.low >= 0 else math.inf)


def _plain(text: str) -> str:
    return re.sub(r"[-_\s]+", "", text).casefold()


@cache
def _by_name() -> dict[str, Entry]:
    return {_plain(name): entry for entry in _entries() for name in (entry.name, *entry.aliases)}


@cache
def _entries() -> tuple[Entry, ...]:
    text = files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8")
    return tuple(_entry(name, table) for name, table in tomllib.loads(text).items())


def _entry(name: str, table: Mapping[str, Any]) -> Entry:
    given = dict(table)
    given["aliases"] = tuple(table["aliases"])
    given["optimizers"] = tuple(table.get("optimizers", ()))
    given["alone"] = frozenset(map(_plain, table.get("alone", ())))
    for key in ("beside", "not_beside"):
        given[key] = frozenset(table.get(key, ()))
    if "start" in table:
        given["start"] = _domain(table["start"])
    starts = table.get("starts", {})
    given["starts"] = {optimizer: _domain(start) for optimizer, start in starts.items()}
    return Entry(name=name, **given)


def _domain(start: Any) -> Domain:
    """The domain of a list, or of a table with its bounds, as the catalogue's file has them."""
    if isinstance(start, list):
        return Choice(start)
    options = dict(start)
    kind = Integer if options.pop("integer", False) else Real
    return kind(options.pop("low"), options.pop("high"), **options)
