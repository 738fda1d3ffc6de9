"""The database's history: numbered steps, each with its record in one transaction.

SQL lives in `store/` only. A released migration is never edited; a new one follows it.
"""

from __future__ import annotations

from collections.abc import Callable
from sqlite3 import Connection
from typing import TypeAlias

from ..errors import StoreError

Migration: TypeAlias = Callable[[Connection], None]
_MIGRATIONS: list[Migration] = []
# What every schema of ours has had from the first on.
_OURS = {"experiment", "trial", "chunk"}


def migration(number: int) -> Callable[[Migration], Migration]:
    """Registers a step of the history under its number, counted from 1 without a gap."""

    def register(step: Migration) -> Migration:
        assert number == len(_MIGRATIONS) + 1, f"Migration {number} is out of order. This is a bug."
        _MIGRATIONS.append(step)
        return step

    return register


def latest() -> int:
    """The newest schema that this Etude knows."""
    return len(_MIGRATIONS)


def version(db: Connection) -> int:
    """The schema of a database; 0 where it has none of ours."""
    return int(db.execute("pragma user_version").fetchone()[0])


def refuse(db: Connection, place: str) -> None:
    """Refuses a database that is not for this Etude to touch.

    Raises:
        StoreError: for a schema newer than this Etude knows, and for another program's database.
    """
    if version(db) > latest():
        raise StoreError(
            f"The store `{place}` has schema {version(db)}, and this Etude knows schemas up to "
            f"{latest()}. Upgrade Etude (`pip install -U etude`), or name another with --store."
        )
    tables = {name for (name,) in db.execute("select name from sqlite_master where type = 'table'")}
    if tables and _OURS - tables:
        raise StoreError(
            f"The store `{place}` is the database of another program (it has the tables "
            f"{', '.join(sorted(tables)[:4])}). Name another with --store."
        )


def migrate(db: Connection) -> None:
    """Brings a database to the newest schema, one transaction a step."""
    while version(db) < latest():
        db.execute("begin immediate")
        number = version(db)
        if number < latest():
            _MIGRATIONS[number](db)
            db.execute(f"pragma user_version = {number + 1}")
        db.execute("commit")


@migration(1)
def experiments_trials_and_points(db: Connection) -> None:
    """Experiments with their launches, trials, checkpoints, and points packed into chunks."""
    for statement in (
        "create table experiment(id integer primary key, name text not null unique, "
        "text text not null, source text not null, created text not null)",
        "create table launch(id integer primary key, "
        "experiment_id integer not null references experiment(id), command text not null, "
        "folder text not null, process integer not null, started text not null, "
        "commit_id text not null, uncommitted text not null, versions text not null)",
        "create table trial(experiment_id integer not null references experiment(id), "
        "id integer not null, study text not null, position integer not null, "
        "setting text not null, seed integer not null, status text not null, "
        "reason text not null, detail text not null, steps integer not null, "
        "wall_s real not null, losses integer not null, primary key(experiment_id, id))",
        "create table checkpoint(experiment_id integer not null, trial_id integer not null, "
        "step integer not null, value real, primary key(experiment_id, trial_id, step))",
        "create table metric(id integer primary key, name text not null unique)",
        "create table chunk(id integer primary key, experiment_id integer not null, "
        "trial_id integer not null, points blob not null)",
        "create index chunk_of_trial on chunk(experiment_id, trial_id)",
    ):
        db.execute(statement)


@migration(2)
def trials_know_their_last_launch(db: Connection) -> None:
    """A launch that trained nothing says nothing about where values come from (K3)."""
    db.execute("alter table trial add column launch_id integer references launch(id)")


@migration(3)
def trials_know_their_name_elsewhere(db: Connection) -> None:
    """Imported trials are known to people by the id that another tool gave them."""
    db.execute("alter table trial add column name text not null default ''")


@migration(4)
def trials_pause_and_fork(db: Connection) -> None:
    """A schedule pauses trials at a step, and population based training forks them."""
    db.execute("alter table trial add column parent_id integer")
    db.execute("alter table trial add column from_step integer")
    db.execute("alter table trial add column until_step integer")


@migration(5)
def trials_know_their_code(db: Connection) -> None:
    """Files of the user's code, each text once, and which of them trained which stretch (K3)."""
    for statement in (
        "create table code_file(code text not null, path text not null, hash text not null, "
        "primary key(code, path)) without rowid",
        "create table code_text(hash text primary key, text text not null) without rowid",
        "create table stretch(experiment_id integer not null, trial_id integer not null, "
        "from_step integer not null, launch_id integer not null references launch(id), code text, "
        "primary key(experiment_id, trial_id, from_step)) without rowid",
        "alter table experiment add column place text",
        "alter table launch add column accepts_code integer not null default 0",
    ):
        db.execute(statement)


@migration(6)
def trials_know_what_nobody_read(db: Connection) -> None:
    """A hyperparameter that the training never read changes nothing; null where nobody noted it."""
    db.execute("alter table trial add column unread text")


@migration(7)
def experiments_know_what_they_began_with(db: Connection) -> None:
    """A parent that grows does not change the search of its child."""
    db.execute("alter table experiment add column prior text")


@migration(8)
def trials_know_what_was_taken_whole(db: Connection) -> None:
    """Whether a hyperparameter is used that was read with all others alone is not known."""
    db.execute("alter table trial add column taken text")


@migration(9)
def launches_know_their_code(db: Connection) -> None:
    """A launch in which no trial ended began with some version of the code all the same (K3)."""
    db.execute("alter table launch add column code text not null default '{}'")


@migration(10)
def experiments_know_their_owner(db: Connection) -> None:
    """Who runs an experiment, or ran it last, and by which of its names the store was opened."""
    db.execute(
        "create table owner(experiment text primary key, process integer not null, "
        "host text not null, started text not null, place text not null) without rowid"
    )


@migration(11)
def checkpoints_know_what_is_in_them(db: Connection) -> None:
    """One that is not as it was written is left for the one before (K2)."""
    db.execute("alter table checkpoint add column contents text not null default ''")
