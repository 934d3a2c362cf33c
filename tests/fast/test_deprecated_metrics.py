"""A metric that gets another name has its old one beside it for one release, and that says so."""

from pathlib import Path
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from tests.fast.daemon import FastDaemon, run_fast

# Old names and labels, and what they are called now.
RENAMED: Final = {
    "redis_vigil_store_shed_values_total": "redis_vigil_store_evicted_samples_total",
    "redis_vigil_store_history_seconds": "redis_vigil_store_retention_seconds",
    "redis_vigil_state_dropped_sample_chapters_total": "redis_vigil_state_dropped_segments_total",
}
RENAMED_LABELS: Final = {
    ("samples", "needed"): ("class", "required"),
    ("samples", "other"): ("class", "other"),
}


def test_deprecated_metrics_have_the_values_of_those_that_replace_them(tmp_path: Path) -> None:
    async def story() -> None:
        async with FastDaemon({"storage": {"path": str(tmp_path / "state")}}) as daemon:
            page = (await daemon.get("/metrics")).text
        families = {family.name: family for family in text_string_to_metric_families(page)}
        for old, new in RENAMED.items():
            deprecated, current = families[old.removesuffix("_total")], families[new.removesuffix("_total")]
            assert deprecated.documentation == f"Deprecated: use {new}."
            assert not current.documentation.startswith("Deprecated")
            found = {
                tuple(sorted(RENAMED_LABELS[pair] for pair in sample.labels.items())): sample.value
                for sample in deprecated.samples
            }
            assert found == {tuple(sorted(one.labels.items())): one.value for one in current.samples}
            assert found

    run_fast(story())


def test_a_renamed_counter_has_both_names_and_the_former_says_which_to_use() -> None:
    async def story() -> None:
        async with FastDaemon() as daemon:
            daemon.app.alerting.environment.sink_failures_total = 3
            page = (await daemon.get("/metrics")).text
        assert "\nredis_vigil_alert_send_failures_total 3.0\n" in page
        assert "\nredis_vigil_alert_handover_failures_total 3.0\n" in page
        use = "Deprecated: use redis_vigil_alert_send_failures_total."
        assert f"# HELP redis_vigil_alert_handover_failures_total {use}\n" in page

    run_fast(story())
