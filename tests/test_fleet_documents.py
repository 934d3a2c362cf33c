"""The examples of docs/fleet.md work: configurations load, scripts write what the daemon reads."""

import asyncio
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.config.discovery import FileSection
from exporter.config.main import load_config
from exporter.discovery.file import FileSource
from tests.peers import require_program

PAGE = Path(__file__).parent.parent / "docs" / "fleet.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = _BLOCK.findall(PAGE.read_text())
YAML = [text for language, text in BLOCKS if language == "yaml"]
CONFIGURATIONS = [text for text in YAML if "apiVersion:" not in text]
SCRIPTS = {text.splitlines()[1].split()[1]: text for language, text in BLOCKS if language == "bash"}
KUBECONFIG = (
    "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\n"
    "clusters: [{name: b, cluster: {server: 'https://127.0.0.1:1'}}]\n"
)

# What the vendors' tools print, as far as it matters; the forms are those of their references.
TOLD: dict[str, tuple[str, Any, dict[str, dict[str, str]]]] = {
    "elasticache.sh": (
        "aws",
        {
            "CacheClusters": [
                {
                    "CacheClusterId": "shop-0001-001",
                    "ReplicationGroupId": "shop",
                    "Engine": "redis",
                    "TransitEncryptionEnabled": True,
                    "CacheNodes": [
                        {"Endpoint": {"Address": "shop-0001-001.cache.example.com", "Port": 6379}}
                    ],
                },
                {"CacheClusterId": "being-made", "Engine": "valkey", "TransitEncryptionEnabled": False},
                {
                    "CacheClusterId": "old",
                    "Engine": "memcached",
                    "CacheNodes": [{"Endpoint": {"Address": "old.example.com", "Port": 11211}}],
                },
                {
                    "CacheClusterId": "single",
                    "Engine": "valkey",
                    "CacheNodes": [{"Endpoint": {"Address": "single.example.com", "Port": 6380}}],
                },
            ]
        },
        {
            "shop-0001-001": {
                "address": "rediss://shop-0001-001.cache.example.com:6379",
                "replication_group": "shop",
            },
            "single": {"address": "redis://single.example.com:6380", "replication_group": "single"},
        },
    ),
    "memorydb.sh": (
        "aws",
        {
            "Clusters": [
                {
                    "Name": "orders",
                    "TLSEnabled": True,
                    "Shards": [
                        {
                            "Nodes": [
                                {
                                    "Name": "orders-0001-001",
                                    "Endpoint": {"Address": "orders-0001-001.example.com", "Port": 6379},
                                },
                                {"Name": "orders-0001-002"},
                            ]
                        }
                    ],
                },
                {"Name": "empty", "TLSEnabled": False},
            ]
        },
        {"orders-0001-001": {"address": "rediss://orders-0001-001.example.com:6379", "cluster": "orders"}},
    ),
    "memorystore.sh": (
        "gcloud",
        [
            {
                "name": "projects/p/locations/europe-west1/instances/cache",
                "host": "10.20.0.3",
                "port": 6378,
                "locationId": "europe-west1-b",
                "transitEncryptionMode": "SERVER_AUTHENTICATION",
            },
            {
                "name": "projects/p/locations/europe-west1/instances/plain",
                "host": "10.20.0.4",
                "port": 6379,
                "locationId": "europe-west1-b",
                "transitEncryptionMode": "DISABLED",
            },
            {"name": "projects/p/locations/europe-west1/instances/new", "state": "CREATING"},
        ],
        {
            "cache": {"address": "rediss://10.20.0.3:6378", "location": "europe-west1-b"},
            "plain": {"address": "redis://10.20.0.4:6379", "location": "europe-west1-b"},
        },
    ),
    "azure.sh": (
        "az",
        [
            {
                "name": "shop",
                "hostName": "shop.redis.cache.windows.net",
                "sslPort": 6380,
                "port": 6379,
                "resourceGroup": "prod",
                "location": "West Europe",
            },
            {"name": "new", "hostName": None},
        ],
        {
            "shop": {
                "address": "rediss://shop.redis.cache.windows.net:6380",
                "resource_group": "prod",
                "location": "West Europe",
            }
        },
    ),
}


def test_every_script_is_tried() -> None:
    assert SCRIPTS.keys() == TOLD.keys()


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_configurations_load(text: str, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    for name in ("redis", "token", "ca.pem", "peers"):
        (tmp_path / "secrets" / name).write_text("x")
    (tmp_path / "secrets" / "kubeconfig").write_text(KUBECONFIG)
    (tmp_path / "config.yml").write_text(text)
    os.environ.setdefault("REDIS_PASSWORD", "x")
    load_config(tmp_path / "config.yml")


def test_the_permission_is_a_manifest() -> None:
    (text,) = [text for text in YAML if "apiVersion:" in text]
    role, binding = yaml.safe_load_all(text)
    assert (role["kind"], binding["kind"]) == ("Role", "RoleBinding")
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"list"}


@pytest.mark.peers("jq")
@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_write_what_the_daemon_reads(name: str, tmp_path: Path) -> None:
    program, told, wanted = TOLD[name]
    out = tmp_path / "servers.json"
    assert run(name, tmp_path, program, f"cat {tmp_path / 'told.json'}", json.dumps(told), out) == 0
    source = FileSource(FileSection.model_validate({"files": (str(out),)}))
    targets = [found.target for found in asyncio.run(source.find())]
    assert source.refused == ()
    found = {
        target.instance: {"address": str(target.address), **target.labels.as_dict()} for target in targets
    }
    assert found == wanted


@pytest.mark.peers("jq")
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_vendor_that_fails_leaves_the_last_file(name: str, tmp_path: Path) -> None:
    out = tmp_path / "servers.json"
    out.write_text("[]")
    program, told, _ = TOLD[name]
    assert run(name, tmp_path, program, "exit 3", json.dumps(told), out) != 0
    assert out.read_text() == "[]"


def run(name: str, folder: Path, program: str, does: str, told: str, out: Path) -> int:
    """The exit status of a script, for which a vendor's tool does something of ours."""
    require_program("jq")
    (folder / "told.json").write_text(told)
    tool, script = folder / program, folder / name
    tool.write_text(f"#!/bin/bash\n{does}\n")
    tool.chmod(0o755)
    script.write_text(SCRIPTS[name])
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", script, out], env=environment, capture_output=True, text=True, check=False, timeout=30
    )
    return done.returncode
