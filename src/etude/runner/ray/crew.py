"""The crew: the actors of a run, which come and go with the nodes of the cluster."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import final

import ray
from ray.exceptions import RayError

from ...errors import RunError
from ..slot import MAX_DEATHS
from .cluster import Cluster, no_room_message, room
from .hello import Hello, Installed, installed
from .losses import is_of_node, words_of
from .place import Place

# How often the cluster is asked what it has.
ASK_S = 1.0
# After so long without a worker it is said why: at the start by an error.
SAID_AFTER_S = 30.0
# Heuristic: a node that was taken away is replaced within minutes, or it is not.
PATIENCE_S = 600.0


@final
class Crew:
    """As many actors as the cluster has room for; they are asked for, and then they come.

    Attributes:
        places: Those that were asked for, whether they are there or not.
    """

    def __init__(
        self, cluster: Cluster, hello: Hello, options: Mapping[str, float], workers: int | None
    ) -> None:
        """Asks for the actors, and waits for none; at most so many `workers`."""
        self.places: list[Place] = []
        self._cluster, self._hello = cluster, hello
        self._options, self._workers = dict(options), workers
        self._asked_at = -ASK_S
        self._without_since = time.monotonic()
        self._deaths = 0
        self._was_there = self._has_said = False
        self.look()

    @property
    def there(self) -> list[Place]:
        """The actors that are there: one that has not answered may never come."""
        return [place for place in self.places if place.is_there]

    def first(self) -> None:
        """Waits for the first actor of the run.

        Raises:
            RunError: where none can come.
        """
        while not self._was_there:
            self.arrive(ASK_S)

    def look(self) -> None:
        """Asks for more actors where the cluster has grown, for fewer where it has not room."""
        if time.monotonic() - self._asked_at < ASK_S:
            return
        self._asked_at = time.monotonic()
        nodes = self._cluster.nodes()
        count = room(self._options, nodes)
        wanted = count if self._workers is None else min(count, self._workers)
        while len(self.places) < wanted:
            self.places.append(Place(self._hello, self._options))
        for place in [one for one in self.places if not one.is_there][::-1]:
            if len(self.places) > wanted:
                self.discard(place)
        if not self.there:
            self._judge_absence(nodes, count)

    def arrive(self, timeout_s: float) -> None:
        """Waits so long at most until an actor comes.

        Raises:
            RunError: where none can come, or one that cannot train.
        """
        self.look()
        coming = [place.coming for place in self.places if not place.is_there]
        if not coming:
            time.sleep(timeout_s)  # until the cluster has a node again
            return
        answered, _ = ray.wait(coming, num_returns=1, timeout=timeout_s)
        self.welcome(answered)

    def welcome(self, answered: list[object]) -> None:
        """Takes the actors whose first answers these are.

        Raises:
            RunError: for one whose node has another Etude or Python, or where too many died.
        """
        for place in [one for one in self.places if one.coming in answered]:
            try:
                other = place.answer()
            except RayError as error:
                self.discard(place)
                self._note_death(error)
                continue
            _refuse_other(other)
            self._deaths, self._was_there = 0, True

    def discard(self, place: Place) -> None:
        """Ends an actor: one that cannot be reached would train on."""
        place.kill()
        self.places.remove(place)
        if not self.there:
            self._without_since = time.monotonic()

    def close(self) -> None:
        """Ends all of them."""
        for place in list(self.places):
            self.discard(place)

    def _note_death(self, error: RayError) -> None:
        self._asked_at = -ASK_S  # another one is asked for at once
        if is_of_node(error):
            return  # which says nothing of whether a worker can start
        self._deaths += 1
        if self._deaths >= MAX_DEATHS:
            raise RunError(_start_message(error)) from error

    def _judge_absence(self, nodes: list[Mapping[str, float]], count: int) -> None:
        """Says why no actor is there, after a while; ends the run where none will come."""
        without_s = time.monotonic() - self._without_since
        if without_s >= (PATIENCE_S if self._was_there else SAID_AFTER_S) and count == 0:
            raise RunError(no_room_message(self._options, nodes))
        if without_s >= SAID_AFTER_S and not self._has_said:
            self._has_said = True
            why = "all that it has is taken" if count else "it has no node for a trial"
            sys.stderr.write(f"Ray: the cluster has started no worker yet; {why}. Waiting.\n")


def _refuse_other(other: Installed) -> None:
    own = installed()
    if (other.etude, other.python) != (own.etude, own.python):
        raise RunError(
            f"The node `{other.node}` has Etude {other.etude} and Python {other.python}, and here "
            f"are Etude {own.etude} and Python {own.python}. Install the same on all nodes: "
            "results would differ."
        )


def _start_message(error: RayError) -> str:
    if "No module named 'etude'" in str(error):
        version = installed().etude
        return (
            f"The nodes of the cluster have no Etude. Install it there: "
            f"`pip install 'etude[ray]=={version}'`."
        )
    return (
        f"{MAX_DEATHS} workers in a row died on the cluster while they started. {words_of(error)}"
    )
