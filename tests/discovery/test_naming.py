"""How found servers are named and labelled: templates, relabelling, addresses that it changes."""

from typing import Any

import pytest
from pydantic import ValidationError

from exporter.config.discovery import ClusterSection, FileSection, SentinelSection
from exporter.discovery.base import Finding, Template
from exporter.errors import DiscoveryError
from exporter.model.labels import Labels
from exporter.model.target import Address

FACTS = {"role": "replica", "master_name": "shop", "announced_host": "10.0.0.5", "announced_port": "6379"}
FINDING = Finding(Address("redis-1", 16379), {"master_name": "shop"}, FACTS)


def template(**options: Any) -> Template:
    return Template.of_servers(SentinelSection.model_validate({"urls": ("redis://s:26379",), **options}))


@pytest.mark.parametrize(
    ("instance", "name"),
    [
        ("", "redis-1:16379"),
        ("{master_name}-{role}", "shop-replica"),
        ("{env}/{host}:{port}", "prod/redis-1:16379"),
        ("{announced_host}:{announced_port}", "10.0.0.5:6379"),
        ("cache", "cache"),
    ],
)
def test_a_name_from_a_template(instance: str, name: str) -> None:
    found = template(instance=instance, labels={"env": "prod"}).make(FINDING)
    assert found is not None
    assert found.target.instance == name
    assert found.target.labels == Labels({"env": "prod", "master_name": "shop"})


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        ("{cluster}", r'"{cluster}" is not known here: there are {host}, {port}, .*{role}, {master_name}'),
        ("{}", '"{}" is not known here'),
        ("{host", "has a brace without its other one"),
        ("host}", "has a brace without its other one"),
    ],
)
def test_a_template_that_asks_for_what_is_not_there(instance: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        template(instance=instance)


def test_what_each_source_knows() -> None:
    ClusterSection.model_validate({"urls": ("redis://h",), "instance": "{cluster}-{node_id}-{role}"})
    FileSection.model_validate({"files": ("a.yml",), "instance": "{host}", "labels": {"env": "x"}})
    with pytest.raises(ValidationError, match=r"is not known here: there are {host}, {port} \["):
        FileSection.model_validate({"files": ("a.yml",), "instance": "{role}"})


def test_relabelling_renames_labels_and_leaves_out() -> None:
    steps: list[dict[str, Any]] = [
        {"action": "drop", "source_labels": ["__meta_redis_role"], "regex": "sentinel"},
        {"source_labels": ["__meta_redis_announced_host"], "target_label": "announced"},
        {"source_labels": ["master_name", "__address__"], "separator": "@", "target_label": "instance"},
        {"action": "labeldrop", "regex": "master_name"},
    ]
    made = template(relabel_configs=tuple(steps), instance="{role}")
    found = made.make(FINDING)
    assert found is not None
    assert found.target.instance == "shop@redis-1:16379"
    assert found.target.labels == Labels({"announced": "10.0.0.5"})
    assert made.make(Finding(Address("s"), {}, {"role": "sentinel"})) is None


@pytest.mark.parametrize(
    ("steps", "address"),
    [
        ([{"target_label": "__address__", "replacement": "other:7"}], "redis://other:7"),
        ([{"target_label": "__scheme__", "replacement": "rediss"}], "rediss://redis-1:16379"),
        ([{"target_label": "__address__", "replacement": "rediss://other:7/3"}], "rediss://other:7/3"),
        ([{"action": "labelkeep", "regex": "instance"}], "redis://redis-1:16379"),
    ],
)
def test_relabelling_moves_a_server(steps: list[dict[str, Any]], address: str) -> None:
    found = template(relabel_configs=tuple(steps)).make(FINDING)
    assert found is not None
    assert str(found.target.address) == address
    assert found.target.instance == found.target.address.instance


def test_relabelling_to_no_address_is_told() -> None:
    steps = [{"target_label": "__address__", "replacement": "h:x"}]
    with pytest.raises(DiscoveryError, match='relabel_configs made "h:x" of redis://redis-1:16379'):
        template(relabel_configs=tuple(steps)).make(FINDING)


def test_the_way_in_of_servers_and_of_sentinels_differ() -> None:
    section = SentinelSection.model_validate(
        {
            "urls": ("rediss://s:26379",),
            "tls": {"insecure_skip_verify": True},
            "username": "sentinel-user",
            "password": "of-sentinels",
            "servers": {"tls": False, "username": "u", "password": "of-servers"},
        }
    )
    servers = Template.of_servers(section)
    assert servers.credentials.username == "u"
    assert servers.credentials.password.reveal() == "of-servers"
    assert not section.server_tls
    assert SentinelSection.model_validate({"urls": ("redis://s",), "servers": {"tls": True}}).server_tls
    assert SentinelSection.model_validate({"urls": ("rediss://s",)}).server_tls


def test_tls_that_nobody_uses_is_told() -> None:
    with pytest.raises(ValidationError, match=r"tls: has no effect: .* or servers\.tls"):
        SentinelSection.model_validate({"urls": ("redis://s",), "tls": {"server_name": "x"}})
    SentinelSection.model_validate(
        {"urls": ("redis://s",), "tls": {"server_name": "x"}, "servers": {"tls": True}}
    )


def test_the_job_of_a_source_is_not_on_the_page_and_relabelling_may_change_it() -> None:
    plain = template(job="cache").make(FINDING)
    assert plain is not None
    assert plain.target.series_labels.get("job") == "cache"
    assert "job" not in plain.target.exposed_labels
    step = {"source_labels": ["job", "master_name"], "separator": "-", "target_label": "job"}
    moved = template(job="cache", relabel_configs=[step]).make(FINDING)
    assert moved is not None
    assert moved.target.series_labels.get("job") == moved.target.exposed_labels.get("job") == "cache-shop"
