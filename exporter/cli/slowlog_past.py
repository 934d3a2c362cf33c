"""Slow commands of the past, for `redis-vigil slowlog --since`."""

from pathlib import Path

from exporter.cli.access import Access
from exporter.cli.daemon_access import DaemonAccess
from exporter.cli.event_reading import why_empty
from exporter.cli.event_source import Filters, open_source
from exporter.cli.formats import OutputFormat
from exporter.cli.instance_names import names_of
from exporter.cli.output import make_console, say, write_csv, write_json
from exporter.cli.slowlog_reading import FIELDS, show_patterns
from exporter.events import EventKind
from exporter.log import configure_logging
from exporter.model.counts import count_of
from exporter.samplers.slowlog import PatternReport, SlowlogReport


def show_past(
    access: Access,
    *,
    since: str,
    until: str,
    url: str | None,
    path: Path | None,
    pattern: str,
    output: OutputFormat,
) -> None:
    """Print what was kept of slow commands. Raises `VigilError`."""
    configure_logging("error")
    daemon = DaemonAccess(url, access.user, access.password_file, access.tls_ca, access.insecure)
    config = access.config if url is None and path is None else None
    source = open_source(daemon, path, config)
    servers = names_of(source, [access.server] if access.server else [])
    filters = Filters(servers, [EventKind.SLOWLOG], since, until)
    reports = [_report(one) for one in source.slow_patterns(filters, pattern)]
    reports = [report for report in reports if report.patterns or report.lost]
    if not reports:
        say(why_empty(source, filters, "slow commands"), err=True)
    if output is OutputFormat.JSON:
        write_json({"targets": [report.as_json() for report in reports]})
    elif output is OutputFormat.CSV:
        rows = [[one.instance, *_values(found)] for one in reports for found in one.patterns]
        write_csv(("instance", *FIELDS), rows)
    else:
        for report in reports:
            _show(report)


def _show(report: SlowlogReport) -> None:
    lost = f", {report.lost} more came and went unread" if report.lost else ""
    say(f"slow commands of {report.instance}: {count_of(report.counted, 'command')}{lost}\n")
    make_console().print(show_patterns(report))
    say("")


def _values(found: PatternReport) -> list[object]:
    return [getattr(found, name) for name in FIELDS]


def _report(document: object) -> SlowlogReport:
    """Make a report of plain data, as `/api/slowlog` has it."""
    assert isinstance(document, dict)
    patterns = [PatternReport(**one) for one in document["patterns"]]
    return SlowlogReport(**{**document, "patterns": patterns})
