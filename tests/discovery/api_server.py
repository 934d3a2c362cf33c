"""An API server of Kubernetes that answers what it is told to, over TLS, to who shows its token.

The objects have the form that https://kubernetes.io/docs/reference/kubernetes-api/ describes.
"""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme

KINDS = {
    "endpointslices": ("EndpointSliceList", "discovery.k8s.io/v1"),
    "endpoints": ("EndpointsList", "v1"),
    "pods": ("PodList", "v1"),
    "services": ("ServiceList", "v1"),
}


@dataclass
class ApiServer:
    """A test changes what is here as it likes.

    `objects` by namespace and plural. `statuses` and `bodies` take the place of the answers about a plural;
    of each list `page` objects come at a time. `gone`: so many requests for further pages find the list
    expired. `asked` are the paths with their queries.
    """

    url: str = ""
    folder: Path = Path()
    token: str = "first"
    objects: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    page: int = 1000
    gone: int = 0
    asked: list[str] = field(default_factory=list)

    def write_account(self, token: str = "first") -> None:
        """The files of a service account, as a pod finds them."""
        (self.folder / "token").write_text(token + "\n")
        (self.folder / "namespace").write_text("shop")

    def answer(self, path: str, authorization: str) -> tuple[int, bytes]:
        self.asked.append(path)
        parts = urlsplit(path)
        plural = parts.path.rpartition("/")[2]
        status = self.statuses.get(plural, 200 if authorization == f"Bearer {self.token}" else 401)
        if status != 200:
            return status, json.dumps({"kind": "Status", "status": "Failure", "code": status}).encode()
        if plural in self.bodies:
            return 200, self.bodies[plural]
        return self._page(parts.path, plural, {k: v[0] for k, v in parse_qs(parts.query).items()})

    def _page(self, path: str, plural: str, query: dict[str, str]) -> tuple[int, bytes]:
        begin = int(query.get("continue", "0"))
        if begin and self.gone:
            self.gone -= 1
            return 410, json.dumps({"kind": "Status", "reason": "Expired", "code": 410}).encode()
        wanted = path.split("/namespaces/")[1].split("/")[0] if "/namespaces/" in path else ""
        found = [
            one
            for (namespace, kind), objects in self.objects.items()
            if kind == plural and wanted in ("", namespace)
            for one in objects
        ]
        following = str(begin + self.page) if begin + self.page < len(found) else ""
        kind, version = KINDS[plural]
        items = found[begin : begin + self.page]
        metadata = {"resourceVersion": "1042", **({"continue": following} if following else {})}
        data = {"kind": kind, "apiVersion": version, "metadata": metadata, "items": items}
        return 200, json.dumps(data).encode()


@contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """Inside the block it answers at `url`; `folder` becomes that of a pod's service account."""
    state = ApiServer(folder=folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = state.answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.crt"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        state.url = f"https://127.0.0.1:{server.server_address[1]}"
        state.write_account()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


def endpoint_slice(number: int, ready: bool = True) -> dict[str, Any]:
    """A slice of the headless service `redis` in `shop`, with one pod of its StatefulSet."""
    return {
        "metadata": {
            "name": f"redis-{number}abc",
            "namespace": "shop",
            "labels": {"kubernetes.io/service-name": "redis", "app.kubernetes.io/name": "redis"},
        },
        "addressType": "IPv4",
        "endpoints": [
            {
                "addresses": [f"10.244.1.{number}"],
                "conditions": {"ready": ready, "serving": ready, "terminating": False},
                "hostname": f"redis-{number}",
                "targetRef": {"kind": "Pod", "namespace": "shop", "name": f"redis-{number}", "uid": "1-2"},
                "nodeName": "worker-1",
                "zone": "eu-1a",
            }
        ],
        "ports": [
            {"name": "tcp-redis", "port": 6379, "protocol": "TCP"},
            {"name": "metrics", "port": 9121, "protocol": "TCP"},
        ],
    }


def endpoints() -> dict[str, Any]:
    """The same service as an Endpoints object, with one pod that is not ready."""

    def address(number: int) -> dict[str, Any]:
        target = {"kind": "Pod", "namespace": "shop", "name": f"redis-{number}"}
        return {"ip": f"10.244.1.{number}", "nodeName": "worker-1", "targetRef": target}

    return {
        "metadata": {"name": "redis", "namespace": "shop", "labels": {"team": "shop"}},
        "subsets": [
            {
                "addresses": [address(1)],
                "notReadyAddresses": [address(2)],
                "ports": [{"name": "tcp-redis", "port": 6379, "protocol": "TCP"}],
            }
        ],
    }


def pod(number: int, phase: str = "Running") -> dict[str, Any]:
    """A pod of the StatefulSet, with a sidecar that has no port."""
    return {
        "metadata": {
            "name": f"redis-{number}",
            "namespace": "shop",
            "uid": f"0000-{number}",
            "labels": {"app.kubernetes.io/name": "redis", "tier": "cache"},
            "annotations": {"team.example.com/owner": "shop"},
            "ownerReferences": [{"kind": "StatefulSet", "name": "redis", "controller": True}],
        },
        "spec": {
            "nodeName": "worker-1",
            "containers": [
                {
                    "name": "redis",
                    "image": "redis:7.2",
                    "ports": [{"name": "tcp-redis", "containerPort": 6379, "protocol": "TCP"}],
                },
                {"name": "sidecar", "image": "busybox"},
            ],
        },
        "status": {
            "phase": phase,
            "podIP": f"10.244.1.{number}",
            "hostIP": "192.168.0.7",
            "conditions": [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": "True"}],
        },
    }


def service() -> dict[str, Any]:
    """A service with a cluster IP."""
    return {
        "metadata": {
            "name": "redis",
            "namespace": "shop",
            "labels": {"env": "prod"},
            "annotations": {"a/b": "c"},
        },
        "spec": {
            "clusterIP": "10.96.0.17",
            "type": "ClusterIP",
            "ports": [{"name": "tcp-redis", "port": 6380, "protocol": "TCP"}],
        },
    }
