"""The ACL line is that of docs/permissions.md; tests/live/test_first_files.py tries it on real servers."""

import re
from pathlib import Path

import pytest

from exporter.config.targets import TargetSection
from exporter.config.url import parse_server_url
from exporter.errors import Reason
from exporter.sampling.server_info import ServerInfo
from exporter.sampling.unavailable import UnavailableCommand
from exporter.setup import acl_line
from exporter.survey import QueueLook, ServerSurvey

DOCUMENT = (Path(__file__).parents[2] / "docs" / "permissions.md").read_text()


def survey(
    version: tuple[int, ...],
    engine: str = "redis",
    *,
    own: tuple[int, ...] = (),
    missing: tuple[str, ...] = (),
    queues: QueueLook | None = None,
    cluster: bool = False,
    mode: str = "standalone",
) -> ServerSurvey:
    info = ServerInfo(
        engine=engine, version=own or version, redis_version=version, cluster_enabled=cluster, mode=mode
    )
    return ServerSurvey(
        section=TargetSection(url=parse_server_url("redis://a")),
        info=info,
        missing=[UnavailableCommand(one, ("x",), Reason.UNKNOWN_COMMAND, "ERR unknown") for one in missing],
        queues=queues or QueueLook(),
    )


def documented(heading: str) -> set[str]:
    """The words of the line below this heading."""
    match = re.search(rf"^{heading}[^`]*```\n(.*?)\n```", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert match is not None
    return set(match[1].split())


@pytest.mark.parametrize(
    ("heading", "server"),
    [
        ("Redis 6.2", survey((6, 2, 13), cluster=True)),
        ("Redis 7.0", survey((7, 0, 15), cluster=True)),
        ("Valkey 8.1", survey((7, 2, 4), "valkey", own=(8, 1, 3), cluster=True)),
    ],
)
def test_the_line_is_that_of_the_document(heading: str, server: ServerSurvey) -> None:
    discovery = {"+cluster|shards", "+cluster|slots"}
    line = acl_line(server, reads_keys=False)
    assert set(line.split()) - discovery == documented(heading)


def test_sentinels_have_the_line_of_the_document() -> None:
    line = acl_line(survey((7, 0, 15), mode="sentinel"), reads_keys=True)
    assert set(line.split()) - {"resetkeys"} == documented("## Sentinels")


def test_outside_of_a_cluster_it_asks_for_nothing_of_clusters() -> None:
    assert "cluster" not in acl_line(survey((7, 0, 15)), reads_keys=True)


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ((6, 2, 13), "+@read -keys +select ~*"),
        ((7, 0, 15), "+@read -keys +select %R~*"),
        ((7, 2, 5), "+@read -keys +select +client|no-touch %R~*"),
    ],
)
def test_keys_are_readable_only_where_the_server_can_say_so(version: tuple[int, ...], words: str) -> None:
    assert acl_line(survey(version), reads_keys=True).endswith(f" {words}")
    assert "@read" not in acl_line(survey(version), reads_keys=False)


def test_what_the_server_does_not_have_is_left_out() -> None:
    server = survey((7, 1, 0), missing=("CONFIG GET", "ACL LOG", "LATENCY LATEST"))
    words = acl_line(server, reads_keys=False).split()
    assert not {"+config|get", "+acl|log", "+latency|latest", "+latency|history"} & set(words)
    assert {"+acl|list", "+latency|histogram"} <= set(words)


def test_celerys_workers_are_listened_to_where_there_are_any() -> None:
    celery = QueueLook({"celery": ["celery"]})
    assert acl_line(survey((7, 0, 15), queues=celery), reads_keys=True).endswith(
        "+psubscribe &*/*.celeryev/worker.*"
    )
    assert "psubscribe" not in acl_line(survey((6, 0, 16), queues=celery), reads_keys=True)
    assert "psubscribe" not in acl_line(survey((7, 0, 15)), reads_keys=True)


@pytest.mark.parametrize("server", [survey((5, 0, 14)), survey((4, 0, 0), "kvrocks", own=(2, 9, 0))])
def test_servers_without_users_have_no_line(server: ServerSurvey) -> None:
    assert acl_line(server, reads_keys=True) == ""


def test_before_channels_had_rules_nothing_is_said_of_them() -> None:
    assert "resetchannels" not in acl_line(survey((6, 0, 16)), reads_keys=True)
