"""Which jobs of a prometheus.yml are redis_exporter's."""

import pytest

from exporter.config.document import Document
from exporter.migration.prometheus.reading import read_prometheus
from exporter.migration.prometheus.recognition import reason_for


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        ("{job_name: x, static_configs: [{targets: ['a:9121']}]}", "port 9121"),
        ("{job_name: x, static_configs: [{targets: ['a:9100']}]}", ""),
        ("{job_name: Valkey-prod, static_configs: [{targets: ['a:8080']}]}", "its name"),
        ("{job_name: x, metrics_path: /scrape, static_configs: [{targets: ['a:9121']}]}", "port 9121"),
        (
            "{job_name: x, metrics_path: /scrape, params: {target: ['redis://a']}, "
            "relabel_configs: [{target_label: __address__, replacement: 'e:9121'}]}",
            "path /scrape with a target",
        ),
        (
            "{job_name: x, metrics_path: /scrape, static_configs: [{targets: ['10.0.0.1:6379']}], "
            "relabel_configs: [{source_labels: [__address__], target_label: __param_target}]}",
            "path /scrape with a target",
        ),
        # memcached_exporter has the same path.
        (
            "{job_name: x, metrics_path: /scrape, static_configs: [{targets: ['m:11211']}], "
            "relabel_configs: [{source_labels: [__address__], target_label: __param_target}]}",
            "",
        ),
        # blackbox_exporter has another.
        (
            "{job_name: redis-tcp, metrics_path: /probe, static_configs: [{targets: ['a:6379']}], "
            "relabel_configs: [{source_labels: [__address__], target_label: __param_target}]}",
            "",
        ),
        (
            "{job_name: x, kubernetes_sd_configs: [{role: pod}], relabel_configs: [{source_labels: [p], "
            "regex: '9121', action: keep}]}",
            "port 9121 in its relabel_configs",
        ),
        ("{job_name: x, static_configs: 5, relabel_configs: {a: b}, params: [1]}", ""),
    ],
)
def test_a_job_is_known_by_what_it_asks(job: str, reason: str) -> None:
    document = Document.parse(f"scrape_configs: [{job}]", "prometheus.yml")
    (found,) = read_prometheus(document).jobs
    assert reason_for(found) == reason
