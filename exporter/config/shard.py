"""`shard`: which of several daemons this one is, as text."""

from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from exporter.model.shard import Shard, parse_shard


def _shard(value: object) -> Shard:
    if isinstance(value, Shard):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a text such as 2/5: the second of five")
    return parse_shard(value)


ShardText = Annotated[
    Shard,
    PlainValidator(_shard),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2/5"]}),
]
"""One of several daemons, as `2/5`."""
