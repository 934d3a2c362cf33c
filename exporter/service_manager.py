"""`ServiceManager`: tells systemd, or whoever else started the daemon and asks for it, how the daemon is.

The protocol is that of sd_notify(3): datagrams of lines `NAME=value` to the Unix socket that NOTIFY_SOCKET
names. Without that variable nothing is sent.
"""

import asyncio
import os
import socket
import time
from collections.abc import Mapping
from typing import Final

from exporter.log import get_logger

_SOCKET_VARIABLE: Final = "NOTIFY_SOCKET"
_INTERVAL_VARIABLE: Final = "WATCHDOG_USEC"
_PROCESS_VARIABLE: Final = "WATCHDOG_PID"
# A sign of life twice in the time that the manager grants, as sd_watchdog_enabled(3) recommends.
_SIGNS_PER_INTERVAL: Final = 2

log = get_logger(__name__)


class ServiceManager:
    """Whoever started the daemon, by sd_notify; says nothing where nobody asks for it.

    A message that cannot be sent is logged once: the daemon does not end because of that.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ, process: int | None = None) -> None:
        name = environment.get(_SOCKET_VARIABLE, "")
        # A name that begins with @ is one of the abstract namespace.
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        self._interval = _watchdog_seconds(environment, os.getpid() if process is None else process)
        self._is_told = False

    @property
    def watchdog_interval(self) -> float:
        """Seconds between two signs of life; 0 where none is asked for."""
        return self._interval / _SIGNS_PER_INTERVAL

    def ready(self, status: str) -> None:
        """The start, or a reload, is over."""
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """A reload begins; `ready` ends it."""
        # What Type=notify-reload asks for, so that the manager knows which reload this is.
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The end begins."""
        self._send("STOPPING=1", "STATUS=Stopping.")

    async def show_life(self) -> None:
        """Send signs of life from the event loop until cancelled: a loop that stands still sends none."""
        while self.watchdog_interval:
            self._send("WATCHDOG=1")
            await asyncio.sleep(self.watchdog_interval)

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                # A manager that takes nothing must not hold up the loop.
                sender.setblocking(False)
                sender.sendto(
                    "\n".join(" ".join(line.splitlines()) for line in lines).encode(), self._address
                )
        except OSError as error:
            if not self._is_told:
                log.warning("the service manager cannot be told how the daemon is", error=error)
            self._is_told = True


def _watchdog_seconds(environment: Mapping[str, str], process: int) -> float:
    """How long this process may go without a sign of life; 0 where nobody watches it."""
    if environment.get(_PROCESS_VARIABLE, str(process)) != str(process):
        return 0.0
    microseconds = environment.get(_INTERVAL_VARIABLE, "")
    return int(microseconds) / 1e6 if microseconds.isdecimal() else 0.0
