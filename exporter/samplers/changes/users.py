"""Users of ACLs as they are compared: their rules in clear, of passwords only whether they are others.

Format: https://redis.io/docs/latest/commands/acl-list/ (`user alice on #<SHA-256> ~cache:* +get`).
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from exporter.connection import Reply

_MAX_USERS: Final = 500
_MAX_RULES: Final = 500
_HASH: Final = "#"
# Digests of passwords' hashes are worth nothing to whoever does not know it, and it goes with the process.
_KEY: Final = secrets.token_bytes(32)
KEY_ID: Final = blake2b(_KEY, digest_size=4).hexdigest()


@dataclass(frozen=True, slots=True)
class User:
    """A user's rules without passwords, and a digest of these that tells whether they are others."""

    rules: str
    passwords: str

    def as_json(self) -> list[str]:
        """Return it as plain data."""
        return [self.rules, self.passwords]


@dataclass(frozen=True, slots=True)
class UserChange:
    """A user that is new, gone or changed, with the rules before and after."""

    name: str
    change: str
    before: str = ""
    after: str = ""
    has_new_passwords: bool = False


def read_users(reply: Reply) -> dict[str, User]:
    """Read a reply to ACL LIST."""
    users: dict[str, User] = {}
    for line in reply[:_MAX_USERS] if isinstance(reply, list) else ():
        words = line.decode("utf-8", "backslashreplace").split(" ") if isinstance(line, bytes) else []
        if len(words) >= 2 and words[0] == "user":
            hashes = sorted(word for word in words[2:] if word.startswith((_HASH, ">", "<", "!")))
            rules = " ".join(word for word in words[2:] if word not in hashes)
            digest = blake2b(" ".join(hashes).encode(), key=_KEY, digest_size=8).hexdigest()
            users[words[1]] = User(rules[:_MAX_RULES], digest)
    return users


def remembered(users: Mapping[str, User]) -> dict[str, Any]:
    """Return the users as plain data."""
    return {"key": KEY_ID, "users": {name: user.as_json() for name, user in users.items()}}


def changed_users(known: Mapping[str, Any], users: Mapping[str, User]) -> Iterator[UserChange]:
    """Compare users with what was remembered, by whatever process."""
    before = {name: User(*pair) for name, pair in known["users"].items()}
    are_comparable = known["key"] == KEY_ID
    for name in sorted(before.keys() | users.keys()):
        old, new = before.get(name), users.get(name)
        if old is None and new is not None:
            yield UserChange(name, "new", after=new.rules)
        elif new is None and old is not None:
            yield UserChange(name, "gone", before=old.rules)
        elif old is not None and new is not None:
            has_new = are_comparable and old.passwords != new.passwords
            if has_new or old.rules != new.rules:
                yield UserChange(name, "changed", old.rules, new.rules, has_new)
