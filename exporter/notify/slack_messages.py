"""Messages posted in Slack, by group of alerts: an update changes the message of its group."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

MOST_MESSAGES: Final = 4096


@dataclass(frozen=True, slots=True)
class Message:
    """A posted message, as Slack names it: the id of its channel and its timestamp."""

    channel: str
    timestamp: str


class Messages(Protocol):
    """Stores the message of each group, by a key."""

    def get(self, group_key: str) -> Message | None:
        """Return the message of a group."""
        ...

    def put(self, group_key: str, message: Message) -> None:
        """Store the message of a group."""
        ...

    def delete(self, group_key: str) -> None:
        """Delete the message of a group."""
        ...


class MemoryMessages:
    """In memory, for at most `most` groups; one that was dropped gets a new message instead of an update."""

    def __init__(self, most: int = MOST_MESSAGES) -> None:
        self._most = most
        self._messages: OrderedDict[str, Message] = OrderedDict()

    def get(self, group_key: str) -> Message | None:
        """Return the message of a group."""
        return self._messages.get(group_key)

    def put(self, group_key: str, message: Message) -> None:
        """Store the message of a group."""
        self._messages[group_key] = message
        self._messages.move_to_end(group_key)
        while len(self._messages) > self._most:
            self._messages.popitem(last=False)

    def delete(self, group_key: str) -> None:
        """Delete the message of a group."""
        self._messages.pop(group_key, None)

    def all(self) -> Mapping[str, Message]:
        """Return the messages of all groups; may be called from another thread."""
        return self._messages.copy()


class MessagesOf:
    """The messages of one integration: several may post about the same group."""

    def __init__(self, owner: str, messages: Messages) -> None:
        self._owner = owner
        self._messages = messages

    def get(self, group_key: str) -> Message | None:
        """Return the message of a group."""
        return self._messages.get(self._key(group_key))

    def put(self, group_key: str, message: Message) -> None:
        """Store the message of a group."""
        self._messages.put(self._key(group_key), message)

    def delete(self, group_key: str) -> None:
        """Delete the message of a group."""
        self._messages.delete(self._key(group_key))

    def _key(self, group_key: str) -> str:
        return f"{self._owner}:{group_key}"
