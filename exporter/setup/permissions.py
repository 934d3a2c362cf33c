"""The smallest ACL line for what is watched on one server, as docs/permissions.md explains it.

Source of the rules: https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/. Users exist
from Redis 6.0 on, channels and `resetchannels` from 6.2, `%R~` from 7.0, CLIENT NO-TOUCH from 7.2, COMMANDLOG
from Valkey 8.1.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from exporter.errors import Reason
from exporter.sampling.server_info import ServerInfo
from exporter.sampling.unavailable import grants
from exporter.survey import QueueLook, ServerSurvey

USER: Final = "vigil"
PASSWORD: Final = "change-me"  # to be replaced, as it says

_NO_USERS: Final = frozenset({"kvrocks", "pika", "tile38"})
# Where Celery's workers tell that they live; an ACL wants the very pattern that is subscribed to.
_CELERY: Final = ("+psubscribe", "&*/*.celeryev/worker.*")
_SENTINEL: Final = (
    *("+ping", "+info", "+client|list", "+client|setname", "+acl|log"),
    *("+sentinel|masters", "+sentinel|ckquorum", "+sentinel|sentinels", "+sentinel|slaves"),
)


def acl_line(server: ServerSurvey, *, reads_keys: bool, queues: QueueLook | None = None) -> str:
    """Return the line that makes a user for a server; empty where it has no users.

    `reads_keys`: its keyspace and queues are watched; `queues` are those that were found.
    """
    info = server.info
    if () < info.redis_version < (6, 0) or info.engine in _NO_USERS:
        return ""
    absent = set(grants(one for one in server.missing if one.reason is Reason.UNKNOWN_COMMAND))
    if "+latency|latest" in absent:
        # That is asked for what the other has told of.
        absent.add("+latency|history")
    frameworks: Collection[str] = (queues or server.queues).found
    words = [word for word in _words(server, reads_keys, "celery" in frameworks) if word not in absent]
    return f"ACL SETUSER {USER} on >{PASSWORD} {' '.join(words)}"


def _words(server: ServerSurvey, reads_keys: bool, hears_celery: bool) -> Iterator[str]:
    info = server.info
    has_channels = _since(info, 6, 2)
    yield from (["resetchannels"] if has_channels else [])
    yield from ("resetkeys", "-@all")
    if server.is_sentinel:
        yield from _SENTINEL
        return
    yield from _commands(info, is_cluster_node=server.is_cluster_node)
    if reads_keys:
        yield from _keys(info)
        yield from _CELERY if hears_celery and has_channels else ()


def _commands(info: ServerInfo, *, is_cluster_node: bool) -> Iterable[str]:
    yield from ("+ping", "+info", "+slowlog|len", "+slowlog|get")
    if info.engine == "valkey" and info.version >= (8, 1):
        yield from ("+commandlog|len", "+commandlog|get")
    yield from ("+latency|latest", "+latency|history")
    if _since(info, 7, 0):
        yield "+latency|histogram"
    yield from ("+client|list", "+client|setname", "+config|get", "+memory|stats", "+acl|log", "+acl|list")
    if is_cluster_node:
        yield from ("+cluster|info", "+cluster|nodes")
        # An older server does not know it, and is asked all the same: that is no denial, then.
        yield "+cluster|shards"
        yield from () if _since(info, 7, 0) else ("+cluster|slots",)


def _keys(info: ServerInfo) -> Iterable[str]:
    """Everything that reads keys, but KEYS, which would hold the server up."""
    yield from ("+@read", "-keys", "+select")
    if _since(info, 7, 2):
        yield "+client|no-touch"
    yield "%R~*" if _since(info, 7, 0) else "~*"


def _since(info: ServerInfo, *version: int) -> bool:
    """Whether the server is that new; one that does not tell its version counts as new."""
    return not info.redis_version or info.redis_version >= version
