"""The status of one target as series: `redis_up`, the reason of a failure, and how each sampler does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from exporter.clock import to_milliseconds
from exporter.errors import UNSUPPORTED_REASONS, Reason
from exporter.log import LogLimit, get_logger
from exporter.metrics import LabelCap, SeriesTable
from exporter.model.sample import Family, Kind, Sample
from exporter.model.target import Target
from exporter.samplers import scrapes
from exporter.sampling.command_support import CommandSupport

log = get_logger(__name__)

UP: Final = Family("redis_up", Kind.GAUGE, "Whether the server answered the last INFO.")
PROBLEM: Final = Family(
    "redis_vigil_target_problem",
    Kind.GAUGE,
    "Why the last INFO failed: 1 for the one reason that applies, no series while there is none.",
    ("reason",),
)
TARGET_INFO: Final = Family(
    "redis_vigil_target_info",
    Kind.GAUGE,
    "Where the server is reached, whatever it is called; always 1. A Unix socket has none.",
    ("target_host", "target_port"),
)
CERTIFICATE: Final = Family(
    "redis_vigil_tls_certificate_expiry_timestamp_seconds",
    Kind.GAUGE,
    "When the certificate expires that the server shows (`server`), or that is shown to it (`client`).",
    ("certificate",),
)
DURATION: Final = Family(
    "redis_vigil_sampler_duration_seconds", Kind.GAUGE, "How long the sampler's last pass took.", ("sampler",)
)
SUCCESS: Final = Family(
    "redis_vigil_sampler_success",
    Kind.GAUGE,
    "Whether the sampler's last pass succeeded; no series where what it asks is not available on the server.",
    ("sampler",),
)
ERROR: Final = Family(
    "redis_vigil_sampler_error",
    Kind.GAUGE,
    "Why the sampler's last pass told nothing: 1 for the one reason that applies.",
    ("sampler", "reason"),
)
AGE: Final = Family(
    "redis_vigil_sample_age_seconds", Kind.GAUGE, "Seconds since the sampler last succeeded.", ("sampler",)
)
REFUSED: Final = Family(
    "redis_vigil_sampler_refused",
    Kind.GAUGE,
    "1 for each command that the server refuses to a sampler, which goes on without it.",
    ("sampler", "command", "reason"),
)
FOLDED: Final = Family(
    "redis_vigil_folded_series_total",
    Kind.COUNTER,
    "Values of a label that were summed up as `other` since it had too many; counted pass by pass.",
    ("sampler", "label"),
)
LEFT_OUT: Final = Family(
    "redis_vigil_left_out_series_total",
    Kind.COUNTER,
    "Values of a label of which nothing was told since it had too many; counted pass by pass.",
    ("sampler", "label"),
)
DROPPED: Final = Family(
    "redis_vigil_sampler_dropped_series_total",
    Kind.COUNTER,
    "Series without a value since the sampler had as many as it may have; counted pass by pass.",
    ("sampler",),
)
# What redis_exporter says about its own scrapes; here, about the passes of the INFO sampler.
SCRAPES: Final = Family(
    "redis_exporter_scrapes_total", Kind.COUNTER, "Times that the server was asked for INFO."
)
SCRAPE_DURATION: Final = Family(
    "redis_exporter_scrape_duration_seconds", Kind.SUMMARY, "How long the server took to answer to INFO."
)
LAST_DURATION: Final = Family(
    "redis_exporter_last_scrape_duration_seconds", Kind.GAUGE, "How long the last INFO took."
)
LAST_CONNECT: Final = Family(
    "redis_exporter_last_scrape_connect_time_seconds",
    Kind.GAUGE,
    "How long it took to connect and log in, the last time that was needed.",
)
LAST_ERROR: Final = Family(
    "redis_exporter_last_scrape_error",
    Kind.GAUGE,
    "Whether the last INFO failed; `err` is one of a closed set of reasons, empty for none.",
    ("err",),
)
FAMILIES: Final = (
    UP,
    PROBLEM,
    CERTIFICATE,
    TARGET_INFO,
    DURATION,
    SUCCESS,
    ERROR,
    AGE,
    REFUSED,
    FOLDED,
    LEFT_OUT,
    DROPPED,
    SCRAPES,
    SCRAPE_DURATION,
    LAST_DURATION,
    LAST_CONNECT,
    LAST_ERROR,
    *scrapes.FAMILIES,
)

# The series about the passes of the INFO sampler, but for the reason of a failure.
_SCRAPES: Final = (
    (SCRAPES, ""),
    (SCRAPE_DURATION, "_sum"),
    (SCRAPE_DURATION, "_count"),
    (LAST_DURATION, ""),
    (LAST_CONNECT, ""),
)

# How often within an hour the log says that one server is down.
_MOST_LOGGED: Final = 20


@dataclass(slots=True)
class SamplerStatus:
    """The last pass of one sampler; times in epoch seconds, 0 for never.

    `missing_since`: since when there is nothing of what it samples, in monotonic seconds; None while there
    is, and for what the server refuses to tell at all.
    """

    duration_seconds: float = 0.0
    success: bool = False
    reason: Reason | None = None
    message: str = ""
    succeeded_at: float = 0.0
    attempted_at: float = 0.0
    missing_since: float | None = None
    passes: int = 0
    total_seconds: float = 0.0
    support: CommandSupport = field(default_factory=CommandSupport)
    caps: Mapping[str, LabelCap] = field(default_factory=dict)
    table: SeriesTable | None = None
    # Whether there was more to tell after the last pass than that it succeeded.
    is_troubled: bool = False

    @property
    def is_unavailable(self) -> bool:
        """Whether the server does not have, or does not permit, anything of what the sampler asks."""
        return self.reason in UNSUPPORTED_REASONS

    def note(self, at: float, seconds: float) -> None:
        """Record that a pass that began at this moment has ended."""
        self.attempted_at = at
        self.duration_seconds = round(seconds, 6)
        self.passes += 1
        self.total_seconds += seconds
        self.is_troubled = self._has_troubles()

    def note_missing(self, moment: float) -> None:
        """Record that nothing is sampled from this moment on (monotonic seconds), if it was until then."""
        if self.missing_since is None:
            self.missing_since = moment

    def follow_clock(self, seconds: float) -> None:
        """Move the times of passes with the clock, which was set by so much."""
        self.attempted_at = self.attempted_at and self.attempted_at + seconds
        self.succeeded_at = self.succeeded_at and self.succeeded_at + seconds

    def _has_troubles(self) -> bool:
        is_full = self.table is not None and self.table.dropped > 0
        is_partial = self.support.any_unsupported or any(
            cap.folded or cap.left_out for cap in self.caps.values()
        )
        return self.reason is not None or is_full or is_partial


def table_of(target: Target, name: str) -> SeriesTable:
    """Return a new table that the sampler of this name writes into on a target."""
    source = f"{target.instance}/{name}"
    return SeriesTable(source, target.series_labels, unexposed=target.unexposed_labels)


class TargetStatus:
    """The state of one target, and the series that tell it.

    `health_sampler` names the sampler that decides whether the target is up; empty for none.
    """

    def __init__(self, target: Target, health_sampler: str) -> None:
        self._table = table_of(target, "status")
        self._health_sampler = health_sampler
        self.source = self._table.source
        self._instance = target.instance
        self.up: bool | None = None
        self.connect_seconds = 0.0
        self._log_limit = LogLimit(_MOST_LOGGED)
        # Whether the log says what is wrong; None: nothing is.
        self._is_told: bool | None = None
        # What was true of the server when somebody else watched it, until the first INFO.
        self._known: tuple[bool, Reason | None] | None = None
        self.certificates: Mapping[str, float] = {}
        self.scrape = scrapes.Scrape()
        self.samplers: dict[str, SamplerStatus] = {}
        self._address = target.address
        # Where the values of each sampler stand in the table; under "" those about the passes of INFO.
        self._indexes: dict[str, Sequence[int | None]] = {}
        self._generation = 0

    @property
    def problem(self) -> Reason | None:
        """The reason why the server did not answer the last INFO; None where it did, or was not asked yet."""
        deciding = self.samplers.get(self._health_sampler)
        return None if deciding is None else deciding.reason

    @property
    def message(self) -> str:
        """The problem in a sentence; empty where there is none."""
        deciding = self.samplers.get(self._health_sampler)
        return "" if deciding is None else deciding.message

    def follow(self, before: "TargetStatus") -> None:
        """Take over what was logged of the same server, which was watched in another way until now."""
        self._log_limit, self._is_told = before._log_limit, before._is_told
        self._known = before._known if before.up is None else (before.up, before.problem)

    def set_up(self, up: bool, problem_before: Reason | None, monotonic: float) -> bool:
        """Record whether the server is up; return whether that, or the reason, has changed.

        A change is logged once; of a server that comes and goes not each time (`monotonic`: now, in seconds).
        """
        was_up, self.up = self.up, up
        problem = self.problem
        if was_up is up and problem is problem_before:
            return False
        known, self._known = self._known, None
        if known == (up, problem):
            return True
        if problem is None:
            if self._is_told is not False:
                log.info("target is up", instance=self._instance)
            self._is_told = None
            return True
        besides = self._log_limit.fields(monotonic)
        self._is_told = besides is not None
        if besides is None:
            return True
        event = "target is down" if problem.is_down else "target cannot be sampled"
        event = "target does not allow INFO" if up else event
        log.warning(event, instance=self._instance, reason=problem.value, error=self.message, **besides)
        return True

    def sample(self, at: float) -> Sample:
        """Return all series as of now (epoch seconds)."""
        table = self._table
        if self._generation != table.generation:
            self._indexes, self._generation = {}, table.generation
        if self.up is not None:
            table.set(UP, float(self.up))
            self.scrape.write(table, up=self.up)
            if not self._address.path:
                table.set(TARGET_INFO, 1.0, self._address.host, str(self._address.port))
        problem = self.problem
        if problem is not None:
            table.set(PROBLEM, 1.0, problem.value)
        for name, expires_at in self.certificates.items():
            table.set(CERTIFICATE, expires_at, name)
        for name, status in self.samplers.items():
            if status.attempted_at:
                self._write_pass(name, status, at)
                if status.is_troubled:
                    self._write_troubles(name, status)
        if self._health_sampler in self.samplers:
            self._write_scrapes(self.samplers[self._health_sampler])
        table.tell_all(FOLDED, LEFT_OUT, DROPPED)
        return table.finish(to_milliseconds(at))

    def _write_pass(self, name: str, status: SamplerStatus, at: float) -> None:
        table = self._table
        indexes = self._indexes.get(name)
        if indexes is None:
            indexes = [table.index(family, name) for family in (DURATION, SUCCESS, AGE)]
            self._indexes[name] = indexes
        duration, success, age = indexes
        if duration is None or success is None or age is None:
            return
        values = table.values
        values[duration] = status.duration_seconds
        if name == self._health_sampler or not status.is_unavailable:
            values[success] = float(status.success)
        if status.succeeded_at:
            # Coarse enough to stand still from pass to pass, for what runs in each of them.
            values[age] = round(max(0.0, at - status.succeeded_at), 1)

    def _write_troubles(self, name: str, status: SamplerStatus) -> None:
        table = self._table
        if status.reason is not None:
            table.set(ERROR, 1.0, name, status.reason.value)
        for command, reason in status.support.reasons.items():
            table.set(REFUSED, 1.0, name, command, reason.value)
        for label, cap in status.caps.items():
            if cap.folded:
                table.set(FOLDED, float(cap.folded), name, label)
            if cap.left_out:
                table.set(LEFT_OUT, float(cap.left_out), name, label)
        if status.table is not None and status.table.dropped:
            table.set(DROPPED, float(status.table.dropped), name)

    def _write_scrapes(self, status: SamplerStatus) -> None:
        table = self._table
        indexes = self._indexes.get("")
        if indexes is None:
            indexes = self._indexes[""] = [table.index(family, suffix=suffix) for family, suffix in _SCRAPES]
        values = (
            float(status.passes),
            round(status.total_seconds, 6),
            float(status.passes),
            status.duration_seconds,
            round(self.connect_seconds, 6),
        )
        for index, value in zip(indexes, values, strict=True):
            if index is not None:
                table.values[index] = value
        reason = status.reason
        table.set(LAST_ERROR, float(reason is not None), "" if reason is None else reason.value)
