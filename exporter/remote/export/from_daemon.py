"""Reads what is exported from a running daemon, by its HTTP API: metric names, then remote read for each."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, Final

import httpx
from google.protobuf.message import DecodeError

from exporter.errors import VigilError
from exporter.model.error_text import error_text
from exporter.model.labels import METRIC_NAME, Labels
from exporter.model.matcher import MatchOp
from exporter.remote.export.model import Samples, Selectors, Span
from exporter.remote.protocol import prometheus_pb2 as pb
from exporter.remote.protocol import snappy
from exporter.remote.read.frames import DamagedStreamError, read_frames
from exporter.remote.read.xor_reader import read_chunk

_READ: Final = "/api/v1/read"
_TYPES: Final = {
    MatchOp.EQUAL: pb.LabelMatcher.EQ,
    MatchOp.NOT_EQUAL: pb.LabelMatcher.NEQ,
    MatchOp.REGEX: pb.LabelMatcher.RE,
    MatchOp.NOT_REGEX: pb.LabelMatcher.NRE,
}
_MAX_SHOWN: Final = 200
_HEADERS: Final = {
    "content-type": "application/x-protobuf",
    "content-encoding": "snappy",
    "accept-encoding": "identity",
}
_Frame = tuple[int, Labels, Sequence[bytes]]
"""Of one frame the query, the series, and its chunks."""


class DaemonSource:
    """The samples of a running daemon, without its external labels, as queries have them."""

    def __init__(self, client: httpx.Client, span: Span, selectors: Selectors) -> None:
        self._client = client
        self._span = span
        self._selectors = selectors or [[]]

    def names(self) -> Sequence[str]:
        """The metric names of which there are samples."""
        matches = [f"{{{','.join(map(str, matchers))}}}" for matchers in self._selectors if matchers]
        edges = (self._span.start_ms / 1000, self._span.end_ms / 1000)
        parameters = {"match[]": matches, "start": f"{edges[0]:.3f}", "end": f"{edges[1]:.3f}"}
        return sorted(self._data("/api/v1/label/__name__/values", parameters))

    def kinds(self) -> dict[str, str]:
        """The types of metrics."""
        described = self._data("/api/v1/metadata", {})
        return {name: described[name][0]["type"] for name in described}

    def series(self, name: str) -> Iterator[tuple[Labels, Iterator[Samples]]]:
        """The series of a metric name, as they arrive."""
        known: list[set[Labels]] = [set() for _ in self._selectors]
        with self._asked(_READ, self._request(name)) as response:
            frames = map(_frame_of, read_frames(response.iter_bytes()))
            for (query, labels), members in groupby(frames, lambda frame: frame[:2]):
                if not any(labels in found for found in known[:query]):
                    known[query].add(labels)
                    yield labels, _samples_of(members)

    def _request(self, name: str) -> bytes:
        request = pb.ReadRequest(accepted_response_types=[pb.ReadRequest.STREAMED_XOR_CHUNKS])
        for matchers in self._selectors:
            query = request.queries.add(
                start_timestamp_ms=self._span.start_ms, end_timestamp_ms=self._span.end_ms
            )
            query.matchers.add(type=pb.LabelMatcher.EQ, name=METRIC_NAME, value=name)
            for one in matchers:
                query.matchers.add(type=_TYPES[one.op], name=one.name, value=one.value)
        return snappy.compress(request.SerializeToString())

    def _data(self, path: str, parameters: dict[str, Any]) -> Any:
        """The data of an answer in JSON."""
        with self._asked(path, None, parameters) as response:
            try:
                response.read()
                return response.json()["data"]
            except (ValueError, KeyError, TypeError):
                raise VigilError(f"{self._client.base_url} is no redis-vigil: {path} has no data") from None

    @contextmanager
    def _asked(
        self, path: str, body: bytes | None, parameters: dict[str, Any] | None = None
    ) -> Iterator[httpx.Response]:
        """An answer that is good so far. Raises `VigilError`."""
        method = "GET" if body is None else "POST"
        parameters = parameters if parameters is not None else {"external_labels": "false"}
        headers = {} if body is None else _HEADERS
        try:
            with self._client.stream(
                method, path, params=parameters, content=body, headers=headers
            ) as response:
                if response.status_code != 200:
                    response.read()
                    raise VigilError(_refusal(self._client, response))
                yield response
        except httpx.HTTPError as error:
            raise VigilError(
                f"{self._client.base_url} cannot be asked: {error_text(error)}; is the daemon running there?"
            ) from None


def _frame_of(message: bytes) -> _Frame:
    try:
        frame = pb.ChunkedReadResponse.FromString(message)
        (series,) = frame.chunked_series
    except (DecodeError, ValueError):
        raise DamagedStreamError("a frame holds something else than one series") from None
    labels = Labels([(pair.name, pair.value) for pair in series.labels])
    return frame.query_index, labels, [chunk.data for chunk in series.chunks]


def _samples_of(frames: Iterable[_Frame]) -> Iterator[Samples]:
    for _, _, chunks in frames:
        for chunk in chunks:
            yield Samples(*read_chunk(chunk))


def _refusal(client: httpx.Client, response: httpx.Response) -> str:
    if response.status_code == 401:
        return f"{client.base_url} asks for a name and a password: --user and --password-file"
    said = " ".join(response.text.split())[:_MAX_SHOWN]
    return f"{client.base_url} answers {response.status_code}: {said or response.reason_phrase}"
