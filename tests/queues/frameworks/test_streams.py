"""Streams with consumer groups: above all, what an unknown lag is."""

from typing import Any

import pytest
import redis

from exporter.config.samplers.queues import QueuesSection
from exporter.queues import QueueReport
from tests.conftest import StartServer
from tests.fake_server import AnyServer
from tests.queues.reading import Watcher, read_queues

AT = 1_700_000_000.0
AT_MS = int(AT * 1000)


@pytest.fixture
def orders(each_empty_server: AnyServer) -> AnyServer:
    """Ten entries, one a second, and a group that was given the first four and has acknowledged two."""
    client = each_empty_server.client
    for number in range(10):
        client.xadd("orders", {"n": number}, id=f"{AT_MS - 10_000 + number * 1000}-0")
    client.xgroup_create("orders", "billing", id="0")
    client.xreadgroup("billing", "one", {"orders": ">"}, count=4)
    client.xack("orders", "billing", f"{AT_MS - 10_000}-0", f"{AT_MS - 9_000}-0")
    return each_empty_server


def read(server: AnyServer, **settings: Any) -> QueueReport:
    return read_queues(server.url, AT, QueuesSection(**settings))["stream", "orders"]


def test_a_group_that_is_in_order(orders: AnyServer) -> None:
    report = read(orders)
    (group,) = report.groups
    assert (group.name, group.lag, group.pending, group.consumers) == ("billing", 6, 2, 1)
    assert (group.oldest_pending_age_seconds, group.stuck) == (8, 0)
    assert report.jobs == {"waiting": 6, "active": 2}
    assert report.oldest_job_age_seconds == 6


def test_where_the_server_does_not_know_the_lag_it_is_counted(orders: AnyServer) -> None:
    # A deletion behind the group's position: from then on the server says null.
    orders.client.xdel("orders", f"{AT_MS - 3_000}-0")
    (group,) = read(orders).groups
    assert (group.lag, group.lag_method, group.lag_is_capped) == (5, "estimate", False)


def test_counting_has_a_cap(orders: AnyServer) -> None:
    orders.client.xdel("orders", f"{AT_MS - 3_000}-0")
    (group,) = read(orders, max_lag_count=3).groups
    assert (group.lag, group.lag_method, group.lag_is_capped) == (3, "estimate", True)


def test_a_group_at_the_end_of_a_stream_has_no_lag(orders: AnyServer) -> None:
    orders.client.xgroup_setid("orders", "billing", "$")
    orders.client.xdel("orders", f"{AT_MS - 3_000}-0")
    report = read(orders)
    assert (report.groups[0].lag, report.jobs["waiting"]) == (0, 0)
    assert report.oldest_job_age_seconds == 0


def test_a_group_before_the_first_entry_lags_by_all(orders: AnyServer) -> None:
    orders.client.xtrim("orders", maxlen=3, approximate=False)
    (group,) = read(orders).groups
    assert group.lag == 3


def test_an_emptied_stream_reads_0_and_a_vanished_one_too(orders: AnyServer) -> None:
    with Watcher(orders.url) as watcher:
        watcher.find(AT)
        orders.client.xtrim("orders", maxlen=0, approximate=False)
        assert watcher.read(AT)["stream", "orders"].jobs["waiting"] == 0
        orders.client.delete("orders")
        report = watcher.read(AT)["stream", "orders"]
    assert (report.jobs, report.groups) == ({"waiting": 0, "active": 0}, ())


def test_entries_that_are_held_for_long_are_stuck(orders: AnyServer) -> None:
    # XCLAIM can set the idle time: two entries were given out an hour ago.
    for age in (8, 7):
        orders.client.execute_command(
            "XCLAIM", "orders", "billing", "one", 0, f"{AT_MS - age * 1000}-0", "IDLE", 3_600_000
        )
    report = read(orders)
    assert (report.stuck, report.groups[0].stuck) == (2, 2)


def test_a_stream_without_a_group_is_no_queue(each_empty_server: AnyServer) -> None:
    each_empty_server.client.xadd("log", {"a": 1})
    assert read_queues(each_empty_server.url, AT) == {}


def test_ids_made_by_hand_have_no_age(each_empty_server: AnyServer) -> None:
    each_empty_server.client.xadd("orders", {"a": 1}, id="5-1")
    each_empty_server.client.xgroup_create("orders", "billing", id="0")
    report = read(each_empty_server)
    assert (report.jobs["waiting"], report.oldest_job_age_seconds) == (1, None)


def test_the_largest_lag_of_several_groups_is_what_waits(orders: AnyServer) -> None:
    orders.client.xgroup_create("orders", "mailing", id="0")
    report = read(orders)
    assert {group.name: group.lag for group in report.groups} == {"billing": 6, "mailing": 10}
    assert (report.jobs["waiting"], report.oldest_job_age_seconds) == (10, 10)


def test_names_that_are_no_text(each_empty_server: AnyServer) -> None:
    client = redis.Redis(port=each_empty_server.port, protocol=2)
    client.xadd(b"caf\xe9", {"a": 1})
    client.xgroup_create(b"caf\xe9", b"gr\xffp", id="0")
    client.close()
    report = read_queues(each_empty_server.url, AT)["stream", "caf\\xe9"]
    assert report.groups[0].name == "gr\\xffp"
    assert report.groups[0].pending == 0


def test_the_only_group_tells_how_many_entries_have_ended(start_server: StartServer) -> None:
    server = start_server()
    client = server.client
    entries = [str(client.xadd("orders", {"n": "1"})) for _ in range(5)]
    client.xgroup_create("orders", "billing", id="0")
    client.xreadgroup("billing", "one", {"orders": ">"}, count=4)
    client.xack("orders", "billing", *entries[:3])
    assert read_queues(server.url, AT)["stream", "orders"].finished == {"unknown": 3}
    # Of two groups, each ends the same entries.
    client.xgroup_create("orders", "audit", id="0")
    assert read_queues(server.url, AT)["stream", "orders"].finished == {}
