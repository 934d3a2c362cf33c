"""The lines of CLIENT LIST.

Format: https://redis.io/docs/latest/commands/client-list/ — pairs `name=value`, separated by spaces. Names of
clients, users and libraries hold no spaces: servers refuse those.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClientEntry:
    """One connection, as the server tells it; what it does not tell is empty or None."""

    fields: dict[str, str]

    def text(self, name: str) -> str:
        """A field as it is."""
        return self.fields.get(name, "")

    def number(self, name: str) -> float | None:
        """A field as a number."""
        text = self.fields.get(name, "")
        return float(text) if text.lstrip("-").isdecimal() else None

    @property
    def host(self) -> str:
        """The address without the port; `unix` for Unix sockets."""
        address = self.text("addr")
        if address.startswith("/"):
            return "unix"
        return address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> str:
        """The port of the address."""
        return "" if self.text("addr").startswith("/") else self.text("addr").rpartition(":")[2]

    @property
    def kind(self) -> str:
        """What the connection is there for: a closed set."""
        flags = self.text("flags")
        return next((kind for flag, kind in _KINDS if flag in flags), "normal")


# The first flag that is there tells; a replica is a replica, blocked or not.
_KINDS = (("M", "primary"), ("S", "replica"), ("O", "monitor"), ("P", "pubsub"), ("b", "blocked"))


def parse_clients(reply: bytes) -> Iterator[ClientEntry]:
    """Each line; what is none is passed over."""
    for line in reply.decode("utf-8", "backslashreplace").split("\n"):
        if line.startswith("id="):
            pairs = [item.partition("=") for item in line.split(" ")]
            yield ClientEntry({name: value for name, _, value in pairs})
