"""Replicas are asked about a keyspace in the place of their primary, if healthy and so configured."""

from typing import Final

from exporter.config.samplers.keyspace import KeyspaceSection
from exporter.log import get_logger
from exporter.sampling.base import Peer, SamplerContext

log = get_logger(__name__)

# A replica that does not answer for so long has gone; the primary is asked then.
REPLICA_PATIENCE_SECONDS: Final = 30.0
# One that has failed is left alone for so long, whatever it says of itself.
_AVOIDED_SECONDS: Final = 600.0
# At the start other targets are not known yet: a replica is waited for.
_EXPECTED_SECONDS: Final = 60.0


class ReplicaChoice:
    """Chooses for each pass, with `run_on: prefer_replica`."""

    def __init__(self, context: SamplerContext[KeyspaceSection]) -> None:
        settings = context.settings
        self._is_wanted = settings.run_on == "prefer_replica"
        self._context = context
        self._begun_at: float | None = None
        self._chosen: Peer | None = None
        self._avoided: dict[str, float] = {}

    @property
    def is_expected(self) -> bool:
        """Whether to wait a little, since there may be a replica that is not known yet."""
        if not self._is_wanted or self._find() is not None:
            return False
        now = self._context.clock.monotonic()
        self._begun_at = now if self._begun_at is None else self._begun_at
        return now < self._begun_at + _EXPECTED_SECONDS

    def choose(self) -> Peer | None:
        """The replica to ask in this pass; None: the server itself."""
        self._chosen = self._find() if self._is_wanted else None
        return self._chosen

    def give_up(self, error: Exception) -> bool:
        """The pass has failed; returns whether that was at a replica, so that the server itself is next."""
        if self._chosen is None:
            return False
        log.info(
            "keyspace scan goes from the replica to the primary",
            instance=self._context.target.instance,
            replica=self._chosen.instance,
            reason=str(error) or "the replica is no longer linked to it",
        )
        self._avoided[self._chosen.instance] = self._context.clock.monotonic() + _AVOIDED_SECONDS
        self._chosen = None
        return True

    def _find(self) -> Peer | None:
        replica = self._context.find_replica(self._context.facts)
        if replica is not None and self._avoided.get(replica.instance, 0.0) > self._context.clock.monotonic():
            return None
        return replica
