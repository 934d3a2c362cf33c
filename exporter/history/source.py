"""`HistorySource`: what queries read that look back further than memory holds."""

from exporter.history.reading import ReadableBlocks
from exporter.history.view import HistoryView
from exporter.store import Store


class HistorySource:
    """The samples of memory and disk together."""

    def __init__(self, store: Store, blocks: ReadableBlocks) -> None:
        self._store = store
        self._blocks = blocks

    def between(self, start_ms: int, end_ms: int, reader: object = None) -> HistoryView | None:
        """What there is in (start, end], in milliseconds, to be closed afterwards.

        None where the store alone holds all of it, which then costs nothing more. It is the same for every
        reader.
        """
        complete_ms = self._store.completeness.after_ms
        if start_ms >= complete_ms:
            return None
        blocks = self._blocks.between(start_ms, end_ms)
        if not blocks:
            return None
        return HistoryView(self._store, blocks, start_ms, end_ms, self._blocks.set_aside)
