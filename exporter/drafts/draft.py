"""`Draft`: what a command would write, and what it has to say about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Draft:
    """Files for a directory, and sentences for whoever asked for them.

    `files` maps a name relative to the directory, with slashes, to the text; those in `private` may hold a
    secret, and only their owner may read them. `found` is what was seen and taken over, `differs` what is
    otherwise than where it came from or has to be done by hand; each one sentence without a full stop.
    """

    files: Mapping[str, str]
    private: frozenset[str] = frozenset()
    found: Sequence[str] = field(default_factory=tuple)
    differs: Sequence[str] = field(default_factory=tuple)
    redacted: Mapping[str, str] = field(default_factory=dict)
    """The texts of private files that hold other things too, with their secrets hidden; for showing them."""
