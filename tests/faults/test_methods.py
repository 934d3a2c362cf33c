"""Methods that a path does not have are refused, with those that it has; nothing happens."""

from tests.fast.daemon import FastDaemon, run_fast
from tests.servers import RealServer

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS")


def test_a_path_takes_its_own_methods_only(empty_server: RealServer) -> None:
    refused: dict[str, set[str]] = {}
    allowed: dict[str, str] = {}

    async def story() -> None:
        async with FastDaemon(empty_server) as daemon:
            for path in _paths(daemon):
                for method in _METHODS:
                    answer = await daemon.ask(method, path)
                    if answer.status_code == 405:
                        refused.setdefault(path, set()).add(method)
                        allowed[path] = answer.headers["allow"]
            assert daemon.told() == []

    run_fast(story())

    for path, methods in refused.items():
        assert allowed[path] == ", ".join(sorted(set(_METHODS) - methods)), path
    assert allowed["/metrics"] == "GET, HEAD"
    assert allowed["/-/reload"] == "POST, PUT"
    assert allowed["/api/v2/silences"] == "GET, HEAD, POST"
    assert allowed["/api/v2/silence/x"] == "DELETE, GET, HEAD"
    assert all("TRACE" in methods for methods in refused.values())


def _paths(daemon: FastDaemon) -> list[str]:
    """Every path that there is."""
    paths = {"/metrics", *(route.path for route in daemon.app.routes)}  # type: ignore[attr-defined]
    return sorted(path.replace("{silence_id}", "x").replace("{name}", "job") for path in paths)
