"""Servers that a Kubernetes cluster knows of, told by an API server on loopback."""

import asyncio
import base64
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from exporter.config import kubeconfig
from exporter.config.fields import Context
from exporter.config.kubernetes import KubernetesSection
from exporter.discovery.base import Finding
from exporter.discovery.kubernetes import api
from exporter.discovery.kubernetes.source import KubernetesSource
from exporter.errors import DiscoveryError, Reason
from exporter.model.labels import Labels
from exporter.model.target import Target
from tests.discovery.api_server import (
    ApiServer,
    api_server,
    endpoint_slice,
    endpoints,
    pod,
    service,
)

META = "__meta_kubernetes_"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """The API server of the cluster that this process seems to run in."""
    with api_server(tmp_path) as state:
        host, port = state.url.removeprefix("https://").split(":")
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
        monkeypatch.setattr(kubeconfig, "ACCOUNT", tmp_path)
        state.objects["shop", "endpointslices"] = [endpoint_slice(1), endpoint_slice(2, ready=False)]
        state.objects["shop", "pods"] = [pod(1), pod(2)]
        state.objects["shop", "services"] = [service()]
        state.objects["shop", "endpoints"] = [endpoints()]
        yield state


def source(**options: Any) -> KubernetesSource:
    return KubernetesSource(KubernetesSection.model_validate(options))


def find(source: KubernetesSource) -> Sequence[Target]:
    return [found.target for found in asyncio.run(source.find())]


def names(source: KubernetesSource) -> list[str]:
    return sorted(target.instance for target in find(source))


def labels_of(source: KubernetesSource, instance: str) -> Mapping[str, str]:
    """The labels that relabelling can go by for one server."""
    seen: list[Finding] = []
    make_all = type(source._template).make_all

    class Spy:
        def make_all(self, findings: Sequence[Finding]) -> Any:
            seen.extend(findings)
            return make_all(source_template, findings)

    source_template = source._template
    source._template = Spy()  # type: ignore[assignment]
    asyncio.run(source.find())
    return next(one.labels for one in seen if one.address.instance == instance)


def test_addresses_behind_services(server: ApiServer) -> None:
    one = source(ports=["tcp-redis"], labels={"env": "prod"}, instance="{namespace}/{pod}", password="pa55")
    first, second = find(one)
    assert (first.instance, first.address.instance) == ("shop/redis-1", "10.244.1.1:6379")
    assert (second.instance, second.address.instance) == ("shop/redis-2", "10.244.1.2:6379")
    assert first.labels == Labels({"env": "prod"})
    assert first.credentials.password.reveal() == "pa55"
    # Nobody reads labels of pods and services, so that no permission for these is needed.
    assert server.asked == ["/apis/discovery.k8s.io/v1/endpointslices?limit=250"]


def test_all_ports_or_some(server: ApiServer) -> None:
    assert names(source()) == ["10.244.1.1:6379", "10.244.1.1:9121", "10.244.1.2:6379", "10.244.1.2:9121"]
    assert names(source(ports=["9121"])) == ["10.244.1.1:9121", "10.244.1.2:9121"]


ATTACH = [{"action": "labelmap", "regex": "never_(.*)"}]


def test_labels_of_a_slice_its_pod_and_its_service(server: ApiServer) -> None:
    labels = labels_of(source(relabel_configs=ATTACH), "10.244.1.1:6379")
    wanted = {
        "namespace": "shop",
        "endpointslice_name": "redis-1abc",
        "endpointslice_label_kubernetes_io_service_name": "redis",
        "endpointslice_labelpresent_kubernetes_io_service_name": "true",
        "endpointslice_address_type": "IPv4",
        "endpointslice_port": "6379",
        "endpointslice_port_name": "tcp-redis",
        "endpointslice_port_protocol": "TCP",
        "endpointslice_endpoint_conditions_ready": "true",
        "endpointslice_endpoint_conditions_terminating": "false",
        "endpointslice_endpoint_hostname": "redis-1",
        "endpointslice_endpoint_node_name": "worker-1",
        "endpointslice_endpoint_zone": "eu-1a",
        "endpointslice_address_target_kind": "Pod",
        "endpointslice_address_target_name": "redis-1",
        "service_name": "redis",
        "service_label_env": "prod",
        "service_annotation_a_b": "c",
        "pod_name": "redis-1",
        "pod_ip": "10.244.1.1",
        "pod_ready": "true",
        "pod_phase": "Running",
        "pod_node_name": "worker-1",
        "pod_host_ip": "192.168.0.7",
        "pod_uid": "0000-1",
        "pod_controller_kind": "StatefulSet",
        "pod_controller_name": "redis",
        "pod_label_tier": "cache",
        "pod_annotation_team_example_com_owner": "shop",
        "pod_container_name": "redis",
        "pod_container_image": "redis:7.2",
        "pod_container_port_name": "tcp-redis",
        "pod_container_port_number": "6379",
        "pod_container_port_protocol": "TCP",
    }
    assert {f"{META}{name}": labels.get(f"{META}{name}") for name in wanted} == {
        f"{META}{name}": value for name, value in wanted.items()
    }


def test_endpoints_of_old_clusters(server: ApiServer) -> None:
    one = source(role="endpoints", relabel_configs=ATTACH)
    labels = labels_of(one, "10.244.1.2:6379")
    assert labels[f"{META}endpoint_ready"] == "false"
    assert labels[f"{META}endpoint_port_name"] == "tcp-redis"
    assert labels[f"{META}endpoints_name"] == "redis"
    assert labels[f"{META}endpoints_label_team"] == "shop"
    assert labels[f"{META}pod_name"] == "redis-2"
    assert labels[f"{META}service_label_env"] == "prod"


def test_pods(server: ApiServer) -> None:
    server.objects["shop", "pods"].append(pod(3, phase="Succeeded"))
    keep = {"source_labels": [f"{META}pod_container_name"], "regex": "redis", "action": "keep"}
    assert names(source(role="pod", relabel_configs=[keep], instance="{pod}")) == ["redis-1", "redis-2"]


def test_services(server: ApiServer) -> None:
    one = source(role="service", scheme="rediss")
    (target,) = find(one)
    assert (target.address.instance, target.address.tls) == ("redis.shop.svc:6380", True)
    assert (
        labels_of(source(role="service"), "redis.shop.svc:6380")[f"{META}service_cluster_ip"] == "10.96.0.17"
    )


def test_namespaces_and_selectors(server: ApiServer) -> None:
    one = source(
        namespaces={"names": ["other"], "own_namespace": True},
        selectors=[{"label": "app.kubernetes.io/name=redis", "field": "metadata.name=x"}],
        ports=["6379"],
    )
    assert len(find(one)) == 2
    assert sorted(server.asked) == [
        f"/apis/discovery.k8s.io/v1/namespaces/{name}/endpointslices"
        "?labelSelector=app.kubernetes.io%2Fname%3Dredis&fieldSelector=metadata.name%3Dx&limit=250"
        for name in ("other", "shop")
    ]


def test_what_comes_and_goes(server: ApiServer) -> None:
    one = source(ports=["6379"])
    assert len(find(one)) == 2
    server.objects["shop", "endpointslices"] = [endpoint_slice(3)]
    assert names(one) == ["10.244.1.3:6379"]
    server.objects.clear()
    assert names(one) == []


def test_pages_and_a_list_that_expires(server: ApiServer) -> None:
    server.objects["shop", "endpointslices"] = [endpoint_slice(number) for number in range(1, 8)]
    server.page, server.gone = 3, 1
    assert len(find(source(ports=["6379"]))) == 7
    assert len(server.asked) == 2 + 3
    server.gone = 2
    with pytest.raises(DiscoveryError, match="expired"):
        find(source(ports=["6379"]))


def test_a_list_without_end(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_MOST_PAGES", 5)
    server.bodies["endpointslices"] = json.dumps(
        {"kind": "EndpointSliceList", "metadata": {"continue": "more"}, "items": []}
    ).encode()
    with pytest.raises(DiscoveryError, match="lists more than 1,250"):
        find(source())
    assert len(server.asked) == 5


def test_the_token_is_read_again(server: ApiServer) -> None:
    one = source(ports=["6379"])
    assert len(find(one)) == 2
    server.token = "second"
    with pytest.raises(DiscoveryError, match="does not know who asks") as caught:
        find(one)
    assert caught.value.reason is Reason.AUTH
    server.write_account("second")
    assert len(find(one)) == 2


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (401, Reason.AUTH, "the token is wrong, or has expired"),
        (403, Reason.PERMISSION, "does not permit to list endpointslices in namespace shop"),
        (404, Reason.REPLY, "knows no endpointslices"),
        (429, Reason.BUSY, "too much to do"),
        (500, Reason.REPLY, "status 500"),
        (302, Reason.REPLY, "status 302"),
    ],
)
def test_refusals(server: ApiServer, status: int, reason: Reason, message: str) -> None:
    server.statuses["endpointslices"] = status
    with pytest.raises(DiscoveryError, match=message) as caught:
        find(source(namespaces={"names": ["shop"]}))
    assert caught.value.reason is reason
    assert "first" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"kind": "EndpointSliceList", "items": [',
        b'{"kind": "EndpointSliceList", "items": [1, 2] 3}',
        b"[" * 100_000,
        b'{"kind": "Status"}',
        b'["kind"]',
        b'{"kind": "EndpointSliceList", "items": "' + b"x" * (9 << 20) + b'"}',
    ],
)
def test_what_is_no_list(server: ApiServer, body: bytes) -> None:
    server.bodies["endpointslices"] = body
    with pytest.raises(DiscoveryError):
        find(source())


def test_objects_of_other_forms_cost_themselves(server: ApiServer) -> None:
    def changed(*path: str, to: Any) -> dict[str, Any]:
        made = endpoint_slice(9)
        place: Any = made
        for step in path[:-1]:
            place = place[step][0] if step in ("endpoints", "ports") else place[step]
        place[path[-1]] = to
        return made

    server.objects["shop", "endpointslices"] = [
        {},
        {"metadata": None, "endpoints": {"a": 1}},
        changed("metadata", to=[1]),
        changed("endpoints", to=None),
        changed("endpoints", "addresses", to="10.0.0.1"),
        changed("endpoints", "addresses", to=[None, {"a": []}, ""]),
        changed("endpoints", "targetRef", to=7),
        changed("endpoints", "addresses", to=["not a host!"]),
        changed("ports", "port", to="6379"),
        changed("ports", "port", to=1 << 70),
        changed("ports", "name", to=["x"]),
        endpoint_slice(1),
    ]
    one = source(ports=["6379"], relabel_configs=ATTACH)
    assert "10.244.1.1:6379" in names(one)
    assert any("not a host" in text for text in one.refused)


def test_pods_that_may_not_be_listed(server: ApiServer) -> None:
    server.statuses["pods"] = 403
    relabeling = [{"source_labels": [f"{META}pod_label_tier"], "target_label": "tier"}]
    one = source(ports=["6379"], relabel_configs=relabeling)
    assert len(find(one)) == 2
    assert "does not permit to list pods" in one.refused[0]
    assert not any("/services" in path for path in server.asked)
    # But where nobody knows, nobody loses labels that it had.
    server.statuses["pods"] = 500
    with pytest.raises(DiscoveryError, match="status 500"):
        find(one)


def test_a_namespace_that_fails_keeps_its_servers(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    other = endpoint_slice(5)
    other["metadata"]["namespace"] = "other"
    server.objects["other", "endpointslices"] = [other]
    one = source(namespaces={"names": ["shop", "other"]}, ports=["6379"])
    assert len(find(one)) == 3
    listed = api.ApiClient.list

    async def fail(self: Any, role: str, namespace: str, *rest: Any) -> Any:
        if namespace == "other":
            raise DiscoveryError("no", Reason.TIMEOUT)
        return await listed(self, role, namespace, *rest)

    monkeypatch.setattr(api.ApiClient, "list", fail)
    server.objects["shop", "endpointslices"] = [endpoint_slice(1)]
    assert names(one) == ["10.244.1.1:6379", "10.244.1.5:6379"]
    assert one.refused == ("no",)


def test_another_authority_is_not_trusted(server: ApiServer, tmp_path: Path) -> None:
    one = source(api_server=server.url, authorization={"credentials_file": str(tmp_path / "token")})
    with pytest.raises(DiscoveryError, match="TLS failed"):
        find(one)
    assert server.asked == []


def test_out_of_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(DiscoveryError, match="write api_server or kubeconfig_file"):
        find(source())


def test_kubeconfig(server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")
    authority = base64.b64encode((tmp_path / "ca.crt").read_bytes()).decode()
    for user in ({"token": "first"}, {"tokenFile": "token"}):
        path = write_kubeconfig(tmp_path, server.url, {"certificate-authority-data": authority}, user)
        assert len(find(source(kubeconfig_file=str(path), ports=["6379"]))) == 2
        path = write_kubeconfig(tmp_path, server.url, {"certificate-authority": "ca.crt"}, user)
        assert len(find(source(kubeconfig_file=str(path), ports=["6379"]))) == 2


def write_kubeconfig(folder: Path, server: str, cluster: dict[str, Any], user: dict[str, Any]) -> Path:
    path = folder / "kubeconfig"
    data = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "mine",
        "contexts": [{"name": "mine", "context": {"cluster": "here", "user": "me"}}],
        "clusters": [{"name": "here", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "me", "user": user}],
    }
    path.write_text(yaml.safe_dump(data))
    return path


@pytest.mark.parametrize(
    ("server_url", "user", "message"),
    [
        ("https://h", {"exec": {"command": "aws"}}, "log in by a program"),
        ("nonsense", {}, "has a cluster whose server must be a URL"),
        ("https://h", {"client-key-data": "?"}, "client-key-data that is not in base64"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used(
    tmp_path: Path, server_url: str, user: dict[str, Any], message: str
) -> None:
    path = write_kubeconfig(tmp_path, server_url, {}, user)
    with pytest.raises(ValidationError) as caught:
        KubernetesSection.model_validate({"kubeconfig_file": str(path)}, context=Context(tmp_path))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"role": "node"}, "role"),
        ({"namespaces": {"names": ["No Space"]}}, "is not the name of a namespace"),
        ({"authorization": {"credentials": "x"}}, "has no effect without api_server"),
        ({"api_server": "https://h/?token=x"}, "must end with its path"),
        ({"selectors": [{"label": "a"}, {"label": "b", "role": "endpointslice"}]}, "join them by commas"),
        ({"tls": {"insecure_skip_verify": True}}, "needs scheme: rediss"),
    ],
)
def test_mistakes(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        KubernetesSection.model_validate(section)
    assert message in str(caught.value)


def test_addresses_that_are_none_cost_themselves(server: ApiServer) -> None:
    slices = server.objects["shop", "endpointslices"]
    slices[0]["endpoints"] = [{"addresses": [None, 5, "\ud800", "a b", "a\0b", "10.0.0.9"]}]
    one = source(namespaces={"names": ["shop"]})
    assert "10.0.0.9:6379" in names(one)
    assert {text.split()[1] for text in one.refused} == {r"'\ud800'", "'a", r"'a\x00b'"}
    assert all(text.isprintable() for text in one.refused)


def test_thousands_of_addresses_are_read_beside_the_loop(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()
    finding = KubernetesSource._finding

    def noted(self: KubernetesSource, place: Any) -> Finding:
        threads.add(threading.get_ident())
        return finding(self, place)

    monkeypatch.setattr(KubernetesSource, "_finding", noted)
    names(source())
    assert threads
    assert threading.get_ident() not in threads
