"""A script around a Trainer of Hugging Face: its arguments, and the lines to change for Etude."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

# What a Trainer has where a script says nothing else, of what is known by its name.
DEFAULTS: Final[Mapping[str, float | int]] = {
    "learning_rate": 5e-5,
    "per_device_train_batch_size": 8,
    "num_train_epochs": 3,
    "weight_decay": 0.0,
    "warmup_steps": 0,
}
_ARGUMENTS: Final = ("TrainingArguments", "Seq2SeqTrainingArguments")
_PARSER: Final = "HfArgumentParser"
# What a trial sees to itself, with the value of a script that leaves it alone.
_NOT_WITH_A_TRIAL: Final = {
    "load_best_model_at_end": "False",
    "save_total_limit": "None",
    "auto_find_batch_size": "False",
}
_CALLBACK: Final = "etude.huggingface.Callback()"


@final
@dataclass(frozen=True, kw_only=True)
class ChangedLine:
    """A line of a script that is to read otherwise.

    Args:
        line: From 1; where nothing was there before, the new one comes before this line.
        old: Empty for a new line.
    """

    line: int
    old: str
    new: str


@final
@dataclass(frozen=True, kw_only=True)
class _Edit:
    """A part of a line that is replaced: from `begin` to `end`, in characters."""

    line: int
    begin: int
    end: int
    text: str


@final
@dataclass(frozen=True, kw_only=True)
class TrainerScript:
    """What was seen of a Trainer in a script.

    Args:
        arguments: Keywords of its TrainingArguments, with their expressions.
        trainer: The call that makes it.
        scope: The function of the module that it is made in; None outside of functions.
        made: The call that makes its arguments, where it stands in the same scope.
        parser: The call that reads them from the command line instead.
        name: Of the variable that holds its arguments.
        lines: Of the script.
        body: Its statements.
    """

    arguments: Mapping[str, ast.expr]
    trainer: ast.Call
    scope: ast.FunctionDef | None
    made: ast.Call | None
    parser: ast.Call | None
    name: str
    lines: tuple[str, ...]
    body: Sequence[ast.stmt]

    @property
    def has_evaluation(self) -> bool:
        """Whether the Trainer is handed something to evaluate on."""
        return any(keyword.arg in ("eval_dataset", None) for keyword in self.trainer.keywords)

    @property
    def function(self) -> str:
        """What Etude is to call with a trial."""
        return self.scope.name if self.scope is not None and self._takes_nothing else "train"

    @property
    def moved(self) -> tuple[int, int] | None:
        """The lines that go below `def train(trial):`, where nothing has them; else None."""
        if self.scope is not None or self._main is not None:
            return None
        return self._first, len(self.lines)

    @property
    def _takes_nothing(self) -> bool:
        return self.scope is None or not ast.unparse(self.scope.args)

    @property
    def _main(self) -> ast.If | None:
        """The block that is run as a program, where it has the Trainer."""
        blocks = [one for one in self.body if isinstance(one, ast.If)]
        mains = [one for one in blocks if "__name__" in ast.unparse(one.test)]
        return next((one for one in mains if _holds(one, self.trainer)), None)

    @property
    def _first(self) -> int:
        """The first line of a module that trains, behind its imports, functions and classes."""
        kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
        made = self.made or self.parser or self.trainer
        begin = min(made.lineno, self.trainer.lineno)
        before = [one for one in self.body if (one.end_lineno or 0) < begin]
        last = max((one.end_lineno or 0 for one in before if isinstance(one, kinds)), default=0)
        return min([begin, *(one.lineno for one in before if one.lineno > last)])

    def changes(self, searched: str) -> list[ChangedLine]:
        """The lines to change, in their order, for a round that searches this argument."""
        handed = "etude.current()" if self.scope is not None else "trial"
        value = f'{handed}["{searched}"]'
        parts = list(self._edits(searched, value))
        edits = [part for part in parts if isinstance(part, _Edit)]
        added = [self._import(), *(part for part in parts if isinstance(part, ChangedLine))]
        if self.moved is not None:
            added.append(ChangedLine(line=self._first, old="", new="def train(trial):"))
        elif self.scope is not None and not self._takes_nothing:
            call = f"    {self.scope.name}(...)  # as you call it"
            end = len(self.lines) + 1
            added += [ChangedLine(line=end, old="", new=new) for new in ("def train(trial):", call)]
        if self.made is None:
            added.append(self._setting(f"{self.name}.{searched} = {value}"))
        return sorted([*added, *_edited(self.lines, edits)], key=lambda one: one.line)

    def _import(self) -> ChangedLine:
        imports = [one for one in self.body if isinstance(one, ast.Import | ast.ImportFrom)]
        line = max([one.end_lineno or 0 for one in imports], default=0) + 1
        return ChangedLine(line=line, old="", new="import etude")

    def _setting(self, text: str) -> ChangedLine:
        """A new line before the statement that makes the Trainer."""
        inside = self.body if self.scope is None else self.scope.body
        trains = _statement(self._main.body if self._main else inside, self.trainer) or inside[0]
        return ChangedLine(line=trains.lineno, old="", new=f"{' ' * trains.col_offset}{text}")

    def _edits(self, searched: str, value: str) -> Iterator[_Edit | ChangedLine]:
        if self._main is not None:
            line = self._main.lineno
            whole = len(self.lines[line - 1])
            yield _Edit(line=line, begin=0, end=whole, text="def train(trial):")
        if self.made is not None and searched in self.arguments:
            yield from self._in_place_of(self.arguments[searched], value)
        elif self.made is not None:
            yield self._with_keyword(self.made, f"{searched}={value}")
        for name, usual in _NOT_WITH_A_TRIAL.items():
            if name in self.arguments and ast.unparse(self.arguments[name]) != usual:
                yield from self._in_place_of(self.arguments[name], usual)
        if self.parser is not None and not (self.parser.args or self.parser.keywords):
            yield self._with_keyword(self.parser, "args=[]")
        yield from self._with_callback()

    def _with_callback(self) -> Iterator[_Edit | ChangedLine]:
        given = {keyword.arg: keyword.value for keyword in self.trainer.keywords}
        callbacks = given.get("callbacks")
        if callbacks is None:
            yield self._with_keyword(self.trainer, f"callbacks=[{_CALLBACK}]")
            return
        begin, end = ("*(", ")]") if isinstance(callbacks, ast.BoolOp | ast.IfExp) else ("*", "]")
        yield from self._around(callbacks, f"[{_CALLBACK}, {begin}", end)

    def _in_place_of(self, node: ast.expr, text: str) -> Iterator[_Edit]:
        """An expression is replaced on its first line; what follows it on its last line stays."""
        first, last = node.lineno, node.end_lineno or node.lineno
        for line in range(first, last + 1):
            whole = self.lines[line - 1]
            begin = self._column(line, node.col_offset) if line == first else 0
            end = self._column(line, node.end_col_offset or 0) if line == last else len(whole)
            if whole:
                yield _Edit(line=line, begin=begin, end=end, text=text if line == first else "")

    def _around(self, node: ast.expr, before: str, after: str) -> Iterator[_Edit]:
        for line, offset, text in (
            (node.lineno, node.col_offset, before),
            (node.end_lineno or node.lineno, node.end_col_offset or 0, after),
        ):
            at = self._column(line, offset)
            yield _Edit(line=line, begin=at, end=at, text=text)

    def _with_keyword(self, call: ast.Call, text: str) -> _Edit | ChangedLine:
        """One keyword more behind the last that the call has, in a line of its own as that."""
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        last = max(
            given, key=lambda one: (one.end_lineno or 0, one.end_col_offset or 0), default=None
        )
        if last is None:
            line = call.end_lineno or call.lineno
            at = self._column(line, call.end_col_offset or 0) - 1
            return _Edit(line=line, begin=at, end=at, text=text)
        line = last.end_lineno or last.lineno
        at = self._column(line, last.end_col_offset or 0)
        whole = self.lines[line - 1]
        if whole[at:].strip() == "," and line > call.lineno:
            indent = " " * (len(whole) - len(whole.lstrip()))
            return ChangedLine(line=line + 1, old="", new=f"{indent}{text},")
        return _Edit(line=line, begin=at, end=at, text=f", {text}")

    def _column(self, line: int, offset: int) -> int:
        """A column in characters; Python's parser counts bytes."""
        return len(self.lines[line - 1].encode()[:offset].decode())


def trainer_script(tree: ast.Module, text: str) -> TrainerScript | None:
    """What a script has of a Trainer of Hugging Face; None where it has none."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    trainer = next((call for call in calls if _called(call).endswith("Trainer")), None)
    made = next((call for call in calls if _called(call) in _ARGUMENTS), None)
    parser = next((call for call in calls if _called(call) == "parse_args_into_dataclasses"), None)
    is_parsed = any(_called(call) == _PARSER for call in calls) and parser is not None
    if trainer is None or (made is None and not is_parsed):
        return None
    scope = next(
        (one for one in tree.body if isinstance(one, ast.FunctionDef) and _holds(one, trainer)),
        None,
    )
    is_here = made is not None and (scope is None or _holds(scope, made))
    keywords = [] if made is None else made.keywords
    return TrainerScript(
        arguments={keyword.arg: keyword.value for keyword in keywords if keyword.arg},
        trainer=trainer,
        scope=scope,
        made=made if is_here else None,
        parser=parser if made is None else None,
        name=_name(trainer),
        lines=tuple(text.splitlines()),
        body=tree.body,
    )


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _holds(node: ast.AST, part: ast.AST) -> bool:
    return any(one is part for one in ast.walk(node))


def _statement(body: Sequence[ast.stmt], part: ast.AST) -> ast.stmt | None:
    return next((one for one in body if _holds(one, part)), None)


def _name(trainer: ast.Call) -> str:
    """What the script calls the arguments that it hands to the Trainer."""
    given = [keyword.value for keyword in trainer.keywords if keyword.arg == "args"]
    return ast.unparse(given[0]) if given and isinstance(given[0], ast.Name) else "training_args"


def _edited(lines: Sequence[str], edits: Sequence[_Edit]) -> Iterator[ChangedLine]:
    by_line: dict[int, list[_Edit]] = defaultdict(list)
    for edit in edits:
        by_line[edit.line].append(edit)
    for line, own in by_line.items():
        new = old = lines[line - 1]
        for edit in sorted(own, key=lambda one: one.begin, reverse=True):
            new = f"{new[: edit.begin]}{edit.text}{new[edit.end :]}"
        yield ChangedLine(line=line, old=old, new=new)
