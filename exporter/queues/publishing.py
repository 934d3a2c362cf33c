"""Publishes the readings of a pass, as series and as reports."""

from collections.abc import Sequence

from exporter.config.samplers.queues import QueuesSection
from exporter.log import get_logger
from exporter.metrics import SeriesTable
from exporter.model.target import Target
from exporter.queues import families
from exporter.queues.families import QueueWriter
from exporter.queues.known import KnownQueue, KnownQueues
from exporter.queues.model import QueueId, Reading
from exporter.queues.rates import DrainRate
from exporter.queues.report import QueueReport, report_queue
from exporter.queues.vocabulary import Outcome

log = get_logger(__name__)


class QueuePublisher:
    """Writes the readings of the known queues of one target into its table.

    `reports` are those of the last pass, in order of framework and name.
    """

    def __init__(
        self, table: SeriesTable, known: KnownQueues, target: Target, settings: QueuesSection
    ) -> None:
        self.reports: tuple[QueueReport, ...] = ()
        self._table = table
        self._known = known
        self._target = target
        self._settings = settings
        self._rates: dict[QueueId, DrainRate] = {}
        # The outcomes that each queue which was read has counted so far.
        self._counted: dict[QueueId, frozenset[str]] = {}
        self._logged_over_limit: set[str] = set()

    def publish(self, found: Sequence[tuple[KnownQueue, Reading]], at: float) -> None:
        """Write what was read at this moment (epoch seconds); what was no queue is forgotten."""
        writer = QueueWriter(self._table, at, separate_priorities=self._settings.priorities == "separate")
        reports = []
        for known, reading in found:
            if reading.is_mistaken:
                self._known.drop(known)
                continue
            if reading.is_alive:
                known.alive_at = at
            drain = self._rates.setdefault(known.id, DrainRate()).drain_seconds(reading, at)
            is_own = known.id.database == self._target.address.database
            database = "" if is_own else f"db{known.id.database}"
            writer.write(reading, known.id.framework, known.label, database, drain)
            self._note_first_ends(known, reading, database)
            reports.append(report_queue(known, reading, at, drain))
        self.reports = tuple(
            sorted(reports, key=lambda report: (report.framework, report.database, report.queue))
        )
        self._write_counts()
        for gone in [queue for queue in self._rates if queue not in self._known]:
            del self._rates[gone]
            self._counted.pop(gone, None)

    def _note_first_ends(self, known: KnownQueue, reading: Reading, database: str) -> None:
        """Tell the table that ends which we count ourselves stood at 0 before the first one.

        So it is with queues that were read before. What a queue had counted when it was found is no event.
        """
        before = self._counted.get(known.id)
        counted = frozenset(reading.finished) | frozenset(known.notes).intersection(Outcome)
        self._counted[known.id] = counted if before is None else counted | before
        if before is None or counted <= before:
            return
        labels = known.id.framework, known.label, database
        for family, found in ((families.FINISHED, reading.finished), (families.DERIVED, reading.derived)):
            for outcome in known.notes.keys() & found.keys() - before:
                index = self._table.index(family, *labels, outcome)
                self._table.stood_at(index, 0.0, is_own=True)

    def follow_clock(self, seconds: float) -> None:
        """The clock was set by so much."""
        for rate in self._rates.values():
            rate.follow_clock(seconds)

    def _write_counts(self) -> None:
        """Write how many queues are read and how many are over the limit.

        The latter is logged once for each framework.
        """
        read, left = self._known.counts, self._known.over_limit
        self._table.set(families.KNOWN, float(len(self._known)))
        for framework in sorted(read.keys() | left.keys()):
            for family in (families.DROPPED, families.OVER_LIMIT):
                self._table.set(family, float(left.get(framework, 0)), framework)
        for framework in sorted(left.keys() - self._logged_over_limit):
            log.warning(
                "more queues than max_queues: some are not read",
                instance=self._target.instance,
                framework=framework,
                read=read.get(framework, 0),
                over_limit=left[framework],
                max_queues=self._settings.max_queues,
            )
        self._logged_over_limit = set(left)
