"""A last resort at the end: the process exits in time also where something hangs."""

import logging
import os
import threading
from typing import Final

from exporter.log import get_logger
from exporter.loop_watch import place_of_thread

# Of the ten seconds that SIGTERM is given; the parts of the daemon take less when all goes well.
END_SECONDS: Final = 8.5

_log = get_logger(__name__)


class LastResort:
    """Ends the process after `END_SECONDS`, in the middle of whatever it does.

    A thread that hangs, as in a file system that does not answer, would hold up the interpreter's own end.
    `status` is the exit status then: 1 until `all_is_done`.
    """

    def __init__(self, seconds: float = END_SECONDS) -> None:
        self._status = 1
        self._main = threading.get_ident()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def start(self) -> None:
        """The time runs from now on."""
        self._timer.start()

    def all_is_done(self) -> None:
        """Every part has stopped: what is left are threads that nobody waits for."""
        self._status = 0

    def _end(self) -> None:
        if self._status:
            where = place_of_thread(self._main)
            _log.error("the daemon does not stop in time, what is under way is lost", where=where)
        logging.shutdown()
        os._exit(self._status)
