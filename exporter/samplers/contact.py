"""Connections to one server: the one that its samplers share, and those that some have of their own."""

from collections.abc import Callable
from functools import partial

from exporter.clock import Clock
from exporter.connection import Connection
from exporter.model.target import Target
from exporter.samplers.certificates import CertificateWatch
from exporter.samplers.idle_closes import IdleCloses
from exporter.sampling.facts import TargetFacts


class Contact:
    """Opens connections to one server, and reports when the shared one is closed.

    `on_closed` is called when the server closes that, unless it does so whenever nobody asks for a while.
    """

    def __init__(
        self,
        target: Target,
        facts: TargetFacts,
        clock: Clock,
        timeout_seconds: float,
        on_closed: Callable[[], None],
    ) -> None:
        self._facts = facts
        self._on_closed = on_closed
        self._idle_closes = IdleCloses()
        self.certificates = CertificateWatch(target, clock, timeout_seconds)
        self._connects = 0
        # The run of the server and its role, as INFO told them last.
        self._run_id = self._role = ""
        self._open = partial(
            Connection, target, timeout_seconds=timeout_seconds, on_errors=facts.keyspace_stats.note_errors
        )
        self.connection = self._open(on_closed=self._closed)

    def connect(self, name: str) -> Connection:
        """Open a further connection with a name of its own; the caller closes it."""
        return self._open(name=name, no_touch=True)

    def _closed(self) -> None:
        if self._idle_closes.is_news(self.connection.idle_seconds):
            self._on_closed()

    def is_used(self) -> None:
        """Note that something is going to be asked over the shared connection."""
        self._idle_closes.stood(self.connection.idle_seconds)

    def has_answered(self) -> None:
        """Note that INFO has told how the server is.

        A server that was promoted or demoted may have got another's name, or lost its own, so that the name
        is looked up again.
        """
        run_id, role, facts = self._run_id, self._role, self._facts
        self._run_id, self._role = facts.server.run_id, facts.server.role
        self._idle_closes.found(run_id == facts.server.run_id)
        if role and role != facts.server.role:
            self.connection.look_up()
        if self._connects != self.connection.connects:
            self._connects = self.connection.connects
            self.certificates.note(self.connection.certificate_expires_at)

    async def close(self) -> None:
        """Close the shared connection."""
        await self.certificates.close()
        await self.connection.close()
