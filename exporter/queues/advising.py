"""Tells of lists that look like queues: in the log once, and whoever asks."""

from collections.abc import Collection, Sequence
from typing import Final

from exporter.log import get_logger
from exporter.queues.known import KnownQueues
from exporter.queues.suggestions import (
    Suggestion,
    commands_of_workers,
    suggest,
    summarise,
    worked_on,
)
from exporter.queues.unknown_lists import UnknownLists

log = get_logger(__name__)

_INTERVAL_SECONDS: Final = 300.0
_WAY_OUT: Final = "describe them under samplers.queues.lists; redis-vigil queues --suggest writes it"


class Adviser:
    """Suggestions for the lists of one server that look like queues.

    `suggestions` are what could be configured; `text` says all of them in one sentence with the way out, and
    is empty where there is nothing to tell.
    """

    def __init__(self, candidates: UnknownLists, known: KnownQueues, instance: str) -> None:
        self.suggestions: Sequence[Suggestion] = ()
        self.text = ""
        self._unknown_lists = candidates
        self._known = known
        self._instance = instance
        self._due_at = 0.0
        self._logged: set[tuple[int, str]] = set()

    def advise(self, at: float, queue_commands: Collection[str]) -> None:
        """Bring the suggestions up to date where lists were found, or now and then.

        `at` is now, in epoch seconds.
        """
        if at < self._due_at and not self._unknown_lists.has_new:
            return
        self._due_at = at + _INTERVAL_SECONDS
        self.suggestions = suggest(
            self._unknown_lists.current(self._known, worked_on(queue_commands), at), queue_commands
        )
        self.text = self._describe(queue_commands)
        new = {(one.database, one.key) for one in self.suggestions} - self._logged
        if new:
            self._logged |= new
            log.info(self.text, instance=self._instance)

    def _describe(self, queue_commands: Collection[str]) -> str:
        if self.suggestions:
            return f"{summarise(self.suggestions, queue_commands)}: {_WAY_OUT}"
        taking = commands_of_workers(queue_commands)
        if not taking or len(self._known):
            return ""
        return (
            f"clients are blocked in {taking}, and no queue was found: their lists may be empty, or have "
            "names that do not show what they are; describe them under samplers.queues.lists"
        )
