"""Keys of a `prometheus.yml` that have no counterpart, and why, in words."""

from collections.abc import Mapping
from typing import Final

from exporter.migration.notes import Notes, line_of
from exporter.migration.prometheus.reading import PrometheusFile, RawJob

_TAKEN_OF_A_JOB: Final = frozenset(
    {"job_name", "scrape_interval", "scrape_timeout", "params", "relabel_configs", "static_configs"}
)
_ABOUT_ASKING: Final = frozenset(
    {
        "metrics_path",
        "scheme",
        "basic_auth",
        "authorization",
        "bearer_token",
        "bearer_token_file",
        "oauth2",
        "tls_config",
        "proxy_url",
        "no_proxy",
        "proxy_from_environment",
        "proxy_connect_header",
        "follow_redirects",
        "enable_http2",
        "enable_compression",
        "http_headers",
        "honor_labels",
        "honor_timestamps",
        "track_timestamps_staleness",
        "scrape_protocols",
        "fallback_scrape_protocol",
        "scrape_failure_log_file",
    }
)
_BOUNDS: Final = "bounds what a page may hold; samplers have bounds of their own (docs/configuration.md)"
_REASONS: Final[Mapping[str, str]] = {
    "metric_relabel_configs": "are not taken: every metric is kept here; that Prometheus can have them in "
    "the job that scrapes the daemon, and for receivers there is remote_write.write_relabel_configs",
    **dict.fromkeys(
        (
            "sample_limit",
            "target_limit",
            "label_limit",
            "label_name_length_limit",
            "label_value_length_limit",
            "body_size_limit",
            "keep_dropped_targets",
        ),
        _BOUNDS,
    ),
}
_TOP_LEVEL: Final[Mapping[str, str]] = {
    "remote_read": "is not taken: the daemon answers remote read itself (/api/v1/read), and asks nobody",
    "storage": "is not taken: storage.path, storage.history and storage.history_size say what is kept here",
    "tracing": "is not taken: the daemon sends no traces",
    "otlp": "is not taken: it is about what Prometheus receives; what the daemon sends by OTLP is otlp here",
    "runtime": "is not taken: it is about Go",
}
_KNOWN: Final = frozenset(
    {"global", "rule_files", "scrape_configs", "scrape_config_files", "alerting", "remote_write"}
)


def tell_leftovers_of_job(job: RawJob, notes: Notes) -> None:
    """Say what of a job that was taken is not."""
    asking = [key for key in job.data if key in _ABOUT_ASKING and job.data[key] is not None]
    if asking:
        notes.differ(
            f"job {job.name}: {', '.join(asking)}: about asking the exporter, which is not asked any more",
            job.where(),
        )
    for key in job.data:
        if key not in _TAKEN_OF_A_JOB | _ABOUT_ASKING and not key.endswith("_sd_configs"):
            reason = _REASONS.get(key, "is not known here, and not taken")
            notes.differ(f"job {job.name}: {key} {reason}", job.where(key))


def tell_leftovers_of_file(file: PrometheusFile, notes: Notes) -> None:
    """Say which sections are not taken."""
    for key in file.data:
        if key not in _KNOWN:
            reason = _TOP_LEVEL.get(key, "is not known here, and not taken")
            notes.differ(f"{key} {reason}", line_of(file.document, (key,), at_key=True))
