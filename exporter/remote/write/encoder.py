"""Makes requests of the rows of sources: every row has a sample of every series that has a value in it."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from exporter.model.sample import Layout
from exporter.remote.protocol import snappy
from exporter.remote.write.message import Body, EncodedLayout, Message
from exporter.remote.write.protobuf import join_row, timestamp_field
from exporter.remote.write.source_state import STALE_BYTES, SourceState, packed_values
from exporter.remote.write.transform import Transform
from exporter.store.row_reader import Rows
from exporter.store.segment import index_code


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """A request that is ready to be sent.

    `body` is compressed, and empty where there is nothing to send. `sent_until` tells of each source until
    which of its rows (milliseconds) everything is sent once this request is. `newest_ms` is the timestamp of
    the newest sample.
    """

    message: Message
    body: bytes
    samples: int
    newest_ms: int
    sent_until: dict[str, int]


class Encoder:
    """Makes requests of `max_samples` at most.

    What was made once counts as sent, and is not made again. Several threads may use it at a time for
    different sources. `too_old_samples` counts those that were left out for their age.
    """

    def __init__(self, message: Message, transform: Transform, max_samples: int) -> None:
        self.message = message
        self.max_samples = max_samples
        self.too_old_samples = 0
        self._transform = transform
        self._states: dict[str, SourceState] = {}

    def shift(self, by_ms: int) -> None:
        """All rows were moved in time by so much (milliseconds)."""
        for state in self._states.values():
            state.last_ms += by_ms

    def requests(self, found: Iterable[Rows], oldest_ms: int) -> Iterator[WriteRequest]:
        """Yield requests with all samples of these rows, those before `oldest_ms` left out."""
        packing = _Packing(self, oldest_ms)
        for rows in found:
            yield from packing.add_rows(self._states.setdefault(rows.source, SourceState()), rows)
            if not len(rows.layout):
                # The source has ended.
                del self._states[rows.source]
        yield from packing.finish()

    def encode(self, layout: Layout, state: SourceState) -> EncodedLayout:
        """Encode the series of the layout that a source goes over to."""
        if layout is state.layout:
            return state.encoded
        return self.message.encode_layout(layout, self._transform)


@dataclass(slots=True)
class _Batch:
    """The rows of the request under way."""

    body: Body
    rows: list[bytes] = field(default_factory=list)
    samples: int = 0
    newest_ms: int = 0
    sent_until: dict[str, int] = field(default_factory=dict)


class _Packing:
    """Packs rows into requests."""

    def __init__(self, encoder: Encoder, oldest_ms: int) -> None:
        self._encoder = encoder
        self._oldest_ms = oldest_ms
        self._batch = _Batch(encoder.message.begin())

    def finish(self) -> Iterator[WriteRequest]:
        """Yield the request under way, if there is anything in it."""
        if self._batch.samples or self._batch.sent_until:
            yield self._finish()

    def add_rows(self, state: SourceState, rows: Rows) -> Iterator[WriteRequest]:
        """Add rows of one source; yields the requests that are full."""
        code = index_code(len(rows.layout))
        for number, moment_ms in enumerate(rows.times):
            if number == 0 and rows.base is not None:
                yield from self._replace(state, rows.layout, rows.base, moment_ms)
            else:
                if rows.layout is not state.layout:
                    state.grow(rows.layout, self._encoder.encode(rows.layout, state))
                if moved := rows.moved[number]:
                    indexes = array(code)
                    indexes.frombytes(moved)
                    state.move(indexes, packed_values(rows.values[number]))
            yield from self._add_row(state, moment_ms)
            state.last_ms = moment_ms
            state.finish_row()
            self._batch.sent_until[rows.source] = moment_ms

    def _replace(
        self, state: SourceState, layout: Layout, base: "array[float]", moment_ms: int
    ) -> Iterator[WriteRequest]:
        encoded = self._encoder.encode(layout, state)
        ended = state.replace(layout, encoded, packed_values(base.tobytes()))
        if ended.indexes and moment_ms >= self._oldest_ms:
            yield from self._add(ended.layout, ended.indexes, None, moment_ms)

    def _add_row(self, state: SourceState, moment_ms: int) -> Iterator[WriteRequest]:
        if moment_ms == state.last_ms:
            # The row was sent before; since then a count has begun, which has a value in it after all.
            if state.begun:
                yield from self._add(state.encoded, state.begun, state.values, moment_ms)
            return
        count = len(state.values) - len(state.absent)
        if moment_ms < self._oldest_ms:
            self._encoder.too_old_samples += count
        elif count > self._encoder.max_samples:
            present = [index for index in range(len(state.values)) if index not in state.absent]
            yield from self._add(state.encoded, present, state.values, moment_ms)
        elif count:
            yield from self._make_room(count)
            heads, timestamp = self._batch.body.heads(state.encoded), timestamp_field(moment_ms)
            self._take(join_row(heads, state.values, timestamp, state.absent), count, moment_ms)

    def _add(
        self, layout: EncodedLayout, indexes: Sequence[int], values: Sequence[bytes] | None, moment_ms: int
    ) -> Iterator[WriteRequest]:
        """Add some series of a row, in several requests where they are many; without values their ends."""
        timestamp, most = timestamp_field(moment_ms), self._encoder.max_samples
        for at in range(0, len(indexes), most):
            part = indexes[at : at + most]
            yield from self._make_room(len(part))
            heads = self._batch.body.heads(layout)
            found = [STALE_BYTES if values is None else values[index] for index in part]
            self._take(join_row([heads[index] for index in part], found, timestamp, ()), len(part), moment_ms)

    def _make_room(self, count: int) -> Iterator[WriteRequest]:
        if self._batch.samples and self._batch.samples + count > self._encoder.max_samples:
            yield self._finish()

    def _take(self, row: bytes, count: int, moment_ms: int) -> None:
        batch = self._batch
        batch.rows.append(row)
        batch.samples += count
        batch.newest_ms = max(batch.newest_ms, moment_ms)

    def _finish(self) -> WriteRequest:
        message = self._encoder.message
        batch, self._batch = self._batch, _Batch(message.begin())
        body = snappy.compress(batch.body.finish(batch.rows)) if batch.samples else b""
        return WriteRequest(message, body, batch.samples, batch.newest_ms, batch.sent_until)
