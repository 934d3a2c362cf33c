"""What a request of remote read asks for.

Source: storage/remote/codec.go and read_handler.go of github.com/prometheus/prometheus, prompb/remote.proto.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError

from exporter.errors import VigilError
from exporter.model.labels import Labels
from exporter.model.matcher import InvalidRegexError, Matcher, MatchOp
from exporter.remote.protocol import prometheus_pb2 as pb
from exporter.remote.protocol import snappy

MAX_REQUEST_BYTES: Final = 1 << 20
"""The most that a request may hold, unpacked: selectors are short."""

_MAX_QUERIES: Final = 1_000
# Of all queries together: regular expressions take a while to compile.
_MAX_MATCHERS: Final = 10_000
_OPS: Final = {
    pb.LabelMatcher.EQ: MatchOp.EQUAL,
    pb.LabelMatcher.NEQ: MatchOp.NOT_EQUAL,
    pb.LabelMatcher.RE: MatchOp.REGEX,
    pb.LabelMatcher.NRE: MatchOp.NOT_REGEX,
}
_SUPPORTED: Final = (pb.ReadRequest.SAMPLES, pb.ReadRequest.STREAMED_XOR_CHUNKS)


class ReadRequestError(VigilError):
    """The request is none, or asks for what there is not."""


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """Which series, and their samples in [start, end] (milliseconds)."""

    matchers: Sequence[Matcher]
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Queries, and whether they are answered with chunks in a stream instead of samples in one message."""

    queries: Sequence[ReadQuery]
    is_streamed: bool


def decode_request(body: bytes, external_labels: Labels) -> ReadRequest:
    """Read a request; what it asks of external labels is asked of nothing in the store.

    A long one takes a while, and belongs in a thread. Raises `ReadRequestError`.
    """
    message = pb.ReadRequest()
    try:
        message.ParseFromString(snappy.decompress(body, MAX_REQUEST_BYTES))
    except ValueError as error:
        raise ReadRequestError(f"the request {error}") from None
    except DecodeError:
        raise ReadRequestError("the request is no prometheus.ReadRequest") from None
    if len(message.queries) > _MAX_QUERIES:
        raise ReadRequestError(f"more than {_MAX_QUERIES} queries in one request")
    if sum(len(query.matchers) for query in message.queries) > _MAX_MATCHERS:
        raise ReadRequestError(f"more than {_MAX_MATCHERS} matchers in one request")
    queries = [_query_of(query, external_labels) for query in message.queries]
    return ReadRequest(queries, _is_streamed(message.accepted_response_types))


def _is_streamed(accepted: Sequence[int]) -> bool:
    """Whether the first type that is known here is the streamed one; samples where none is given."""
    known = [one for one in accepted or [pb.ReadRequest.SAMPLES] if one in _SUPPORTED]
    if not known:
        raise ReadRequestError(
            f"server does not support any of the requested response types: {list(accepted)}; "
            "supported: SAMPLES (0), STREAMED_XOR_CHUNKS (1)"
        )
    return known[0] == pb.ReadRequest.STREAMED_XOR_CHUNKS


def _query_of(query: pb.Query, external_labels: Labels) -> ReadQuery:
    start_ms, end_ms = query.start_timestamp_ms, query.end_timestamp_ms
    if query.hints.end_ms:
        # What is really read may be less, and more is of no use to who asks.
        start_ms, end_ms = max(start_ms, query.hints.start_ms), min(end_ms, query.hints.end_ms)
    return ReadQuery([_matcher_of(one, external_labels) for one in query.matchers], start_ms, end_ms)


def _matcher_of(matcher: pb.LabelMatcher, external_labels: Labels) -> Matcher:
    op, value = _OPS.get(matcher.type), matcher.value
    if op is None:
        raise ReadRequestError("invalid matcher type")
    if op is MatchOp.EQUAL and value == external_labels.get(matcher.name):
        # Series have it on their way out only.
        value = ""
    try:
        return Matcher(matcher.name, op, value)
    except InvalidRegexError as error:
        raise ReadRequestError(f"error parsing regexp: {error}") from None
