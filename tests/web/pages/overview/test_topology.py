"""Which servers belong together."""

import asyncio
from collections.abc import Mapping, Sequence

from exporter.samplers.runner import TargetRunner
from exporter.time_slice import TimeSlice
from exporter.web.pages.overview import topology
from exporter.web.pages.overview.topology import ServerGroup, Watched
from tests.web.pages.overview.fleet import Fleet, Runner


def no_sentinel(_: TargetRunner) -> Mapping[str, str]:
    return {}


def group_by_topology(runners: Sequence[TargetRunner], watched: Watched) -> Sequence[ServerGroup]:
    return asyncio.run(topology.group_by_topology(runners, watched, TimeSlice()))


def group_by_label(runners: Sequence[TargetRunner], label: str) -> Sequence[ServerGroup]:
    return asyncio.run(topology.group_by_label(runners, label, TimeSlice()))


def shown(groups: Sequence[ServerGroup]) -> list[tuple[str, str, list[str]]]:
    return [
        (group.kind.value, group.name, [one.target.instance for one in group.members]) for group in groups
    ]


def cluster_nodes(nodes: Sequence[tuple[Runner, str]]) -> None:
    """Every node lists all of them; the ids are 40 digits, as those of Redis."""
    for runner, own in nodes:
        lines = [
            f"{node} 10.0.0.1:1@2 {'myself,' if node == own else ''}master - 0 0 1 connected {number}"
            for number, (_, node) in enumerate(nodes)
        ]
        runner.facts.slots.update("\n".join(lines).encode())


def test_a_primary_has_its_replicas_and_others_are_alone() -> None:
    fleet = Fleet()
    fleet.add("lonely")
    primary = fleet.add("sessions-1")
    fleet.replica("sessions-2", primary)
    assert shown(group_by_topology(fleet.runners, no_sentinel)) == [
        ("replication", "sessions-1", ["sessions-1", "sessions-2"]),
        ("alone", "", ["lonely"]),
    ]


def test_a_replica_is_known_by_its_primarys_address_where_ids_tell_nothing() -> None:
    fleet = Fleet()
    primary = fleet.add("old", replication_ids=frozenset())
    fleet.add("copy", role="slave", replication_ids=frozenset(), primary=primary.target.address.instance)
    assert shown(group_by_topology(fleet.runners, no_sentinel)) == [("replication", "old", ["old", "copy"])]


def test_who_was_promoted_names_the_group_of_the_primary_that_is_down() -> None:
    fleet = Fleet()
    dead = fleet.add("a", replication_ids=frozenset({"first"}))
    fleet.add("b", replication_ids=frozenset({"second", "first"}))
    fleet.down(dead)
    assert shown(group_by_topology(fleet.runners, no_sentinel)) == [("replication", "b", ["a", "b"])]


def test_nodes_that_know_each_other_are_a_cluster() -> None:
    fleet = Fleet()
    nodes = [fleet.add(f"shop-{number}", cluster_enabled=True) for number in (1, 2)]
    replica = fleet.replica("shop-3", nodes[0], cluster_enabled=True)
    fleet.add("else", cluster_enabled=True)
    cluster_nodes([(nodes[0], "a" * 40), (nodes[1], "b" * 40), (replica, "c" * 40)])
    assert shown(group_by_topology(fleet.runners, no_sentinel)) == [
        ("cluster", "shop-1", ["shop-1", "shop-3", "shop-2"]),
        ("alone", "", ["else"]),
    ]


def test_a_found_cluster_has_its_name_and_the_nodes_that_were_never_heard() -> None:
    fleet = Fleet()
    fleet.add("n1", cluster_enabled=True, labels={"cluster": "orders"})
    fleet.add("n2", run_id="", role="", labels={"cluster": "orders"})
    # A label of that name may say something else.
    fleet.add("other-1", labels={"cluster": "eu"})
    fleet.add("other-2", labels={"cluster": "eu"})
    assert shown(group_by_topology(fleet.runners, no_sentinel)) == [
        ("cluster", "orders", ["n1", "n2"]),
        ("alone", "", ["other-1", "other-2"]),
    ]


def test_sentinels_stand_with_what_they_watch() -> None:
    fleet = Fleet()
    primary, other = fleet.add("sessions-1"), fleet.add("jobs-1")
    fleet.replica("sessions-2", primary)
    sentinels = [fleet.add(f"sentinel-{number}", mode="sentinel", role="") for number in (1, 2)]
    both = fleet.add("sentinel-of-both", mode="sentinel", role="")
    watched = {
        sentinels[0]: {"sessions": primary.target.address.instance},
        sentinels[1]: {"sessions": primary.target.address.instance},
        both: {
            "sessions": primary.target.address.instance,
            "jobs": other.target.address.instance,
        },
    }
    groups = group_by_topology(fleet.runners, lambda one: watched[one])  # type: ignore[index]
    assert shown(groups) == [
        ("replication", "sessions", ["sessions-1", "sessions-2", "sentinel-1", "sentinel-2"]),
        ("sentinels", "Sentinels", ["sentinel-of-both"]),
        ("alone", "", ["jobs-1"]),
    ]


def test_groups_of_one_name_can_be_told_apart() -> None:
    fleet = Fleet()
    for number in (1, 2):
        primary = fleet.add("same")
        fleet.replica(f"copy-{number}", primary, replication_ids=frozenset({f"id {number}"}))
    groups = [
        ServerGroup(one.kind, one.name, one.shards) for one in group_by_topology(fleet.runners, no_sentinel)
    ]
    assert len({group.key for group in groups}) == len(groups)


def test_a_label_of_the_users_choice() -> None:
    fleet = Fleet()
    fleet.add("a", labels={"env": "prod"})
    fleet.add("b")
    fleet.add("c", labels={"env": "lab"})
    assert shown(group_by_label(fleet.runners, "env")) == [
        ("label", "lab", ["c"]),
        ("label", "prod", ["a"]),
        ("alone", "", ["b"]),
    ]
