"""A silence that somebody makes on a page stops the message; when it is expired, the message comes."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import bcrypt
import httpx

from tests.fast.daemon import FastDaemon, run_fast
from tests.servers import RealServer

RULES = """
groups: [{name: one, interval: 5s, rules: [
  {alert: Odd, expr: vector(1), labels: {instance: kitchen}}, {alert: Even, expr: vector(1)}]}]
"""
ROUTING = """
route: {receiver: hook, group_by: ['...'], group_wait: 30s, group_interval: 1m, repeat_interval: 4h}
receivers: [{name: hook}]
"""


async def post(
    daemon: FastDaemon, page: str, number: int = 0, cookie: str = "", **typed: str
) -> httpx.Response:
    """Fill in a form of a page and press its button, as a browser does."""
    text = (await daemon.get(page)).text
    form = re.findall(r'<form[^>]*method="post" action="([^"]+)"(.*?)</form>', text, re.DOTALL)[number]
    fields = dict(re.findall(r'<input[^>]*name="(\w+)" value="([^"]*)"', form[1])) | dict(
        re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n?(.*?)</textarea>', form[1], re.DOTALL)
    )
    host, port = daemon.app.web.address
    own = f"http://{host}:{port}"
    address = httpx.URL(f"{own}{page}").join(form[0])
    data = {name: unescape(value) for name, value in fields.items()} | typed
    headers = {"origin": own, "sec-fetch-site": "same-origin", "cookie": cookie}
    return await daemon.ask("POST", address.raw_path.decode(), data=data, headers=headers)


def test_a_silence_stops_the_message_and_its_end_lets_it_through(empty_server: RealServer) -> None:
    async def story() -> None:
        async with FastDaemon(empty_server, rules=RULES, alertmanager=ROUTING) as daemon:
            await daemon.wait_until(lambda: ("Odd", "kitchen") in daemon.firing(), "30s")
            await daemon.pass_time(1)
            form = "/silences/new?filter=%7Balertname%3D%22Odd%22%7D&comment=known"
            assert "1 of 2 alerts that fire now" in (await daemon.get(form)).text
            answer = await post(daemon, form, created_by="ann")
            assert answer.status_code == 303
            await daemon.pass_time("10m")
            assert {name for one in daemon.told() for name in one.alertnames} == {"Even"}
            page = "/silences/" + answer.headers["location"].rpartition("/")[2]
            assert (await post(daemon, page, 2, cookie="author=eve")).status_code == 303
            await daemon.wait_until(lambda: any("Odd" in one.alertnames for one in daemon.told()), "3m")
            done = (await daemon.get("/api/events?kind=action")).json()["events"]
            assert [(one["fields"]["what"], one["fields"]["by"]) for one in done] == [
                ("expire", "eve"),
                ("silence", "ann"),
            ]

    run_fast(story())


def test_actions_are_switched_off_and_on_by_a_reload(empty_server: RealServer) -> None:
    async def story() -> None:
        async with FastDaemon(empty_server) as daemon:
            form = "/silences/new?filter=a%3Db&comment=x"
            assert (await post(daemon, form, created_by="ann")).status_code == 303
            await daemon.reload({"web": {"actions": False}})
            assert 'method="post"' not in (await daemon.get(form)).text
            assert (await daemon.ask("POST", "/silences/new", data={"filter": "a=b"})).status_code == 403
            # The key is about the pages: programs go on.
            assert (await daemon.ask("POST", "/-/reload")).status_code == 200
            await daemon.reload({"web": {"actions": True}})
            assert (await post(daemon, form, created_by="ann")).status_code == 303

    run_fast(story())


def test_what_is_kept_back_and_what_fails_is_told_on_the_page(empty_server: RealServer) -> None:
    async def story() -> None:
        async with FastDaemon(empty_server, rules=RULES, alertmanager=ROUTING) as daemon:
            daemon.mailbox.answers["hook"] = 400
            assert (
                await post(daemon, "/silences/new?filter=alertname%3DOdd", comment="x", created_by="a")
            ).status_code
            await daemon.wait_until(lambda: any("Even" in one.alertnames for one in daemon.told()), "5m")
            await daemon.pass_time(5)
            page = (await daemon.get("/notifications")).text
            assert "Messages to one receiver do not arrive" in page
            assert ">silenced</a>" in page
            told = (await daemon.get("/api/events?kind=notification")).json()["events"]
            assert {(one["fields"]["alertnames"][0], one["fields"]["outcome"]) for one in told} == {
                ("Odd", "suppressed"),
                ("Even", "failed"),
            }
            assert [one["fields"]["error"] for one in told if one["fields"]["outcome"] == "suppressed"] == [
                "silence"
            ]
            daemon.mailbox.answers["hook"] = 200
            answer = await post(daemon, "/notifications", receiver="hook")
            assert "was sent" in (await daemon.get("/notifications?tested=hook")).text
            assert answer.status_code == 303
            assert daemon.messages[-1].alertnames == {"TestNotification"}

    run_fast(story())


def test_the_files_are_reloaded_from_the_page(empty_server: RealServer) -> None:
    async def story() -> None:
        async with FastDaemon(empty_server, rules=RULES, alertmanager=ROUTING) as daemon:
            daemon.change({"global": {"evaluation_interval": "7s"}})
            assert (await post(daemon, "/status")).status_code == 303
            assert daemon.app.core.in_force.config.global_.evaluation_interval.seconds == 7
            daemon.change({"nonsense": 1})
            assert (await post(daemon, "/status")).status_code == 303
            page = (await daemon.get("/status")).text
            assert "The last reload was refused" in page
            assert "nonsense: unknown key" in page

    run_fast(story())


def test_what_programs_do_with_silences_is_told_too(empty_server: RealServer) -> None:
    async def story() -> None:
        async with FastDaemon(empty_server, rules=RULES) as daemon:
            silence = {
                "matchers": [{"name": "alertname", "value": "Odd", "isRegex": False}],
                "startsAt": "2020-01-01T00:00:00Z",
                "endsAt": "2090-01-01T00:00:00Z",
                "createdBy": "amtool",
                "comment": "x",
            }
            first = (await daemon.ask("POST", "/api/v2/silences", json=silence)).json()["silenceID"]
            changed = {**silence, "id": first, "comment": "y", "startsAt": (await starts(daemon, first))}
            second = (await daemon.ask("POST", "/api/v2/silences", json=changed)).json()["silenceID"]
            assert second == first
            for _ in range(2):
                await daemon.ask("DELETE", f"/api/v2/silence/{first}")
            done = (await daemon.get("/api/events?kind=action")).json()["events"]
            assert [one["fields"]["what"] for one in done] == ["expire", "edit", "silence"]
            assert [one["fields"]["by"] for one in done] == ["", "amtool", "amtool"]
            page = (await daemon.get(f"/silences/{first}")).text
            assert all(word in page for word in ("Made by", "Changed by", "Ended"))
            refused = await daemon.ask(
                "POST", "/api/v2/silences", json={**silence, "endsAt": silence["startsAt"]}
            )
            assert refused.status_code == 400
            assert len((await daemon.get("/api/events?kind=action")).json()["events"]) == 3

    run_fast(story())


async def starts(daemon: FastDaemon, identity: str) -> str:
    """When a silence began."""
    return str((await daemon.get(f"/api/v2/silence/{identity}")).json()["startsAt"])


def test_who_has_signed_in_is_named_and_who_has_not_does_nothing(
    empty_server: RealServer, tmp_path: Path
) -> None:
    users = tmp_path / "web-config.yml"
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    users.write_text(f'basic_auth_users: {{carol: "{hashed}"}}')

    async def story() -> None:
        async with FastDaemon({"web": {"config_file": str(users)}}, empty_server, rules=RULES) as daemon:
            form = {"filter": "a=b", "comment": "x", "duration": "1h"}
            assert (await daemon.ask("POST", "/silences/new", data=form)).status_code == 401
            signed_in: dict[str, Any] = {"auth": ("carol", "secret")}
            page = (await daemon.ask("GET", "/silences/new", **signed_in)).text
            assert 'name="created_by" value="carol"' in page
            token = re.findall(r'name="token" value="(\w+)"', page)[0]
            assert (
                await daemon.ask("POST", "/silences/new", data={**form, "token": token})
            ).status_code == 401
            form |= {"token": token, "created_by": "somebody else"}
            made = await daemon.ask("POST", "/silences/new", data=form, **signed_in)
            assert made.status_code == 303
            done = (await daemon.ask("GET", "/api/events?kind=action", **signed_in)).json()["events"]
            assert [one["fields"]["by"] for one in done] == ["carol"]

    run_fast(story())
