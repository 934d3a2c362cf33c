"""Slots of a node of a cluster, so that it is not asked for keys of others.

Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model.
"""

import time
from binascii import crc_hqx
from collections.abc import Callable, Iterable
from typing import Final

from exporter.connection import Reply

SLOTS: Final = 16384
_KNOWN_SECONDS: Final = 30.0
# A cluster has a thousand at most, as Redis recommends.
_MAX_NODES: Final = 2_000


def slot_of(key: bytes) -> int:
    """Return the slot of a key, or of its hash tag, if it has one."""
    start = key.find(b"{")
    if start >= 0:
        end = key.find(b"}", start + 1)
        if end > start + 1:
            key = key[start + 1 : end]
    return crc_hqx(key, 0) % SLOTS


class Slots:
    """The slots that one node serves; all, where that is not known. `generation` changes with them."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.generation = 0
        self._held: bytearray | None = None
        self._monotonic = monotonic
        self._learnt_at: float | None = None
        self._epochs: object = None
        self._own = ""
        self._nodes: frozenset[str] = frozenset()

    @property
    def is_due(self) -> bool:
        """Whether it is time to ask again."""
        return self._learnt_at is None or self._monotonic() >= self._learnt_at + _KNOWN_SECONDS

    @property
    def node(self) -> str:
        """The id of the node itself; empty where it is not known."""
        return self._own

    @property
    def nodes(self) -> frozenset[str]:
        """The ids of all nodes that it knows, itself included."""
        return self._nodes

    @property
    def text(self) -> str:
        """The slots as `0-5460,7`; empty where they are not known."""
        if self._held is None:
            return ""
        borders = [slot for slot in range(SLOTS + 1) if self._is_held(slot) != self._is_held(slot - 1)]
        return ",".join(f"{first}-{end - 1}" for first, end in zip(borders[::2], borders[1::2], strict=True))

    def _is_held(self, slot: int) -> bool:
        return self._held is not None and 0 <= slot < SLOTS and self._held[slot] == 1

    def doubt(self) -> None:
        """Have the slots asked for again, as the server has said that one is another node's."""
        self._learnt_at = None

    def note_epochs(self, *epochs: object) -> None:
        """Compare the cluster's epochs with the last ones: where they differ, slots may have moved."""
        if epochs != self._epochs:
            self._epochs = epochs
            self.doubt()

    def are_of_one_cluster(self, other: "Slots") -> bool:
        """Return whether two nodes know each other."""
        return bool(self._own and other._own) and (self._own in other._nodes or other._own in self._nodes)

    def update(self, nodes: Reply) -> None:
        """Read a reply to CLUSTER NODES, asked of the node itself; of a replica its primary's slots."""
        self._learnt_at = self._monotonic()
        before = self._held
        self._held = self._read(nodes) if isinstance(nodes, bytes) else None
        self.generation += self._held != before

    def _read(self, nodes: bytes) -> bytearray | None:
        if nodes.count(b"\n") > _MAX_NODES:
            return None
        lines = [line.split() for line in nodes.decode("utf-8", "replace").splitlines()]
        lines = [line for line in lines if len(line) >= 8]
        own = next((line for line in lines if "myself" in line[2].split(",")), None)
        self._own = "" if own is None else own[0]
        self._nodes = frozenset(line[0] for line in lines)
        if own is not None and own[3] != "-":
            own = next((line for line in lines if line[0] == own[3]), own)
        return None if own is None else _mark(own[8:])

    def hold(self, key: bytes) -> bool:
        """Return whether the node serves this key."""
        return self._held is None or bool(self._held[slot_of(key)])

    def are_served_by(self, others: "Iterable[Slots]") -> bool:
        """Return whether other nodes serve all slots that this one was last known to serve.

        False where these are not known.
        """
        if self._held is None:
            return False
        left = int.from_bytes(self._held, "big")
        for other in others:
            if other._held is not None:
                left &= ~int.from_bytes(other._held, "big")
        return not left

    def hold_together(self, keys: list[bytes]) -> bool:
        """Return whether one command may name all these keys."""
        if self._held is None:
            return True
        slots = {slot_of(key) for key in keys}
        return len(slots) <= 1 and all(self._held[slot] for slot in slots)


def _mark(ranges: list[str]) -> bytearray:
    """`0-5460`, `7`; what is being moved stands in brackets, and is still served by whoever has it."""
    held = bytearray(SLOTS)
    for text in ranges:
        first, _, last = text.partition("-")
        if first.isdecimal() and (last or first).isdecimal():
            for slot in range(int(first), min(int(last or first), SLOTS - 1) + 1):
                held[slot] = 1
    return held
