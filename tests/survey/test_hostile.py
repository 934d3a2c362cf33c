"""Servers that mean no good: their texts stay texts, and nothing they say stops the command."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.config.targets import TargetSection
from exporter.config.url import parse_server_url
from exporter.setup import Options, first_draft
from exporter.survey import Named, survey
from tests.cli.flavours import flavour, load_case

_BREAK = "\u2028web: {listen_address: evil}\x1b[2J"


def draft_of(changes: dict[str, Any], info: str = "") -> Any:
    """The draft for a server that answers as the case `valkey`, but for this."""

    async def scenario() -> Any:
        case = dict(load_case("valkey"))
        case["info"] = info or case["info"]
        case["replies"] = {**case["replies"], **changes}
        async with flavour(case) as port:
            section = TargetSection(url=parse_server_url(f"redis://127.0.0.1:{port}"))
            return first_draft(await survey([Named(section, section)]), Options(Path()))

    return asyncio.run(scenario())


def test_names_do_not_become_keys() -> None:
    info = load_case("valkey")["info"].replace("name=search", f"name=search{_BREAK}")
    draft = draft_of({}, info)
    document = yaml.safe_load(draft.files["config.yml"])
    assert document["web"] == {"listen_address": ":9121"}
    assert "\x1b" not in draft.files["config.yml"] + "".join(draft.found)


@pytest.mark.parametrize(
    "line",
    [
        "slave0:ip=,port=0,state=online",
        "slave0:ip=a b,port=99999999,state=online",
        "slave0:ip=127.0.0.1,port=x",
        "slave0:",
        "master_host:\x00",
    ],
)
def test_odd_addresses_are_passed_over(line: str) -> None:
    info = load_case("valkey")["info"].replace(
        "slave0:ip=127.0.0.1,port=1,state=online,offset=100,lag=0", line
    )
    (target,) = yaml.safe_load(draft_of({}, info).files["config.yml"])["targets"]
    assert list(target) == ["url"]


@pytest.mark.parametrize("reply", [5, [], ["x"], [[1, 2]], "x" * 100_000, {"error": "ERR no"}])
def test_odd_replies_are_passed_over(reply: Any) -> None:
    names = ("CLIENT LIST", "SCAN", "CONFIG GET", "ACL LIST", "SLOWLOG GET", "LATENCY", "MEMORY STATS")
    draft = draft_of(dict.fromkeys(names, reply))
    assert "targets:" in draft.files["config.yml"]


@pytest.mark.parametrize("reply", [5, [], "", "x", ["x"], {"error": "ERR no"}, "x " * 50_000])
@pytest.mark.parametrize("mode", ["cluster", "sentinel"])
def test_odd_clusters_and_sentinels_are_passed_over(mode: str, reply: Any) -> None:
    info = load_case("valkey")["info"].replace("server_mode:standalone", f"server_mode:{mode}")
    draft = draft_of({"CLUSTER": reply, "SENTINEL": reply}, info)
    assert yaml.safe_load(draft.files["config.yml"])["alerting"]
