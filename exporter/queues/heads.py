"""The oldest waiting job where jobs say nothing about their age.

Its age counts from when it was first seen at the end of its queue.
"""

import hashlib
from typing import Final

from exporter.connection import Reply
from exporter.queues.known import KnownQueue
from exporter.queues.model import Oldest
from exporter.queues.vocabulary import Method

_HEAD: Final = "head"


def watch_head(queue: KnownQueue, job: Reply, at: float, part: str = "") -> Oldest | None:
    """The oldest job of a queue (or of a part of it), given what stands at that end; None where nothing does.

    Two jobs with the same content one after the other cannot be told apart: the bound is then too old, until
    another content comes.
    """
    note = f"{_HEAD}/{part}" if part else _HEAD
    if not isinstance(job, bytes):
        queue.forget(note)
        return None
    identity = hashlib.blake2b(job, digest_size=12).hexdigest()
    return Oldest(queue.first_seen(note, identity, at), Method.FIRST_SEEN)
