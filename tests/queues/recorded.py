"""Recorded keys of real frameworks: written by `tests/live/queues/record.py`, loaded into a server by tests.

A dump holds what a scene reported (see `differences`), the moment at which it was compared, the names of the
connections, and every key with its type and value. Bytes that are not UTF-8 are kept as base64.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import redis

FOLDER: Final = Path(__file__).with_name("dumps")
_BINARY: Final = "base64:"


def all_dumps() -> list[Path]:
    """Every dump that is there."""
    return sorted(FOLDER.glob("*.json"))


def load(path: Path) -> dict[str, Any]:
    """The content of a dump."""
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def save(
    name: str,
    expected: Mapping[str, Any],
    client: Any,
    clients: list[str],
    hidden: Mapping[str, str],
) -> None:
    """Write down all keys of a server; `hidden` texts (paths, names of machines) are replaced."""
    keys = {}
    for key in sorted(client.keys("*")):
        kind, value = read_key(client, key)
        keys[_text(key)] = {"type": kind, "value": value}
    document = {"expected": expected, "clients": clients, "keys": keys}
    path = FOLDER / f"{name}.json"
    text = json.dumps(document, indent=1, ensure_ascii=False)
    for private, public in hidden.items():
        text = text.replace(private, public)
    path.write_text(text + "\n")


def read_key(client: Any, key: bytes) -> tuple[str, Any]:
    """A key's type and its value as JSON."""
    kind = client.type(key).decode()
    if kind == "string":
        return kind, _text(client.get(key))
    if kind == "list":
        return kind, [_text(item) for item in client.lrange(key, 0, -1)]
    if kind == "set":
        return kind, sorted(_text(item) for item in client.smembers(key))
    if kind == "zset":
        return kind, [[_text(item), score] for item, score in client.zrange(key, 0, -1, withscores=True)]
    if kind == "hash":
        return kind, {_text(field): _text(value) for field, value in sorted(client.hgetall(key).items())}
    groups = [
        [_text(group["name"]), _text(group["last-delivered-id"]), group.get("entries-read")]
        for group in client.xinfo_groups(key)
    ]
    entries = [
        [_text(entry_id), {_text(field): _text(value) for field, value in fields.items()}]
        for entry_id, fields in client.xrange(key)
    ]
    pending = [
        [group, _text(entry["message_id"])]
        for group, _, _ in groups
        for entry in client.xpending_range(key, group, "-", "+", 1000)
    ]
    stream = client.xinfo_stream(key)
    counts = [
        _text(stream["last-generated-id"]),
        stream["entries-added"],
        _text(stream["max-deleted-entry-id"]),
    ]
    return kind, {"entries": entries, "groups": groups, "pending": pending, "counts": counts}


def restore(document: Mapping[str, Any], client: Any) -> None:
    """Put all keys of a dump into a server."""
    for name, content in document["keys"].items():
        _restore_key(client, _bytes(name), content["type"], content["value"])


def _restore_key(client: Any, key: bytes, kind: str, value: Any) -> None:
    if kind == "string":
        client.set(key, _bytes(value))
    elif kind == "list":
        client.rpush(key, *(_bytes(item) for item in value))
    elif kind == "set":
        client.sadd(key, *(_bytes(item) for item in value))
    elif kind == "zset":
        client.zadd(key, {_bytes(item): score for item, score in value})
    elif kind == "hash":
        client.hset(key, mapping={_bytes(field): _bytes(item) for field, item in value.items()})
    else:
        _restore_stream(client, key, value)


def _restore_stream(client: Any, key: bytes, value: Mapping[str, Any]) -> None:
    for entry_id, fields in value["entries"]:
        client.xadd(key, {_bytes(field): _bytes(item) for field, item in fields.items()}, id=entry_id)
    for group, delivered, given in value["groups"]:
        client.xgroup_create(key, group, id="0", mkstream=True)
        taken = [entry_id for name, entry_id in value["pending"] if name == group]
        if taken:
            client.xreadgroup(group, "consumer", {key: ">"}, count=len(value["entries"]))
            handed_out = [entry[0] for entry in value["entries"]]
            done = [one for one in handed_out if one not in taken]
            if done:
                client.xack(key, group, *done)
        try:
            client.xgroup_setid(key, group, delivered, entries_read=given)
        except redis.ResponseError:
            # Redis 6.2 does not count what was read.
            client.xgroup_setid(key, group, delivered)
    if "counts" in value:
        last, added, deleted = value["counts"]
        try:
            client.execute_command("XSETID", key, last, "ENTRIESADDED", added, "MAXDELETEDID", deleted)
        except redis.ResponseError:
            client.execute_command("XSETID", key, last)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        text: str = value.decode()
    except UnicodeDecodeError:
        return _BINARY + base64.b64encode(value).decode()
    return text


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.removeprefix(_BINARY)) if text.startswith(_BINARY) else text.encode()
