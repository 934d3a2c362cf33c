"""The page of an alert with a real server: the link of the message opens it, also when it is over."""

import re

from tests.conftest import StartServer
from tests.fast.daemon import FastDaemon, run_fast


def seen(page: str) -> str:
    """The text between the tags of what is special about a page."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition("<main")[2]).split())


def test_the_link_of_a_message_tells_the_story_until_long_after(start_server: StartServer) -> None:
    server = start_server()

    async def story() -> None:
        async with FastDaemon(server) as daemon:
            await daemon.pass_time("5m")
            server.kill()
            await daemon.wait_until(lambda: daemon.told(), within="2m")
            (alert,) = [one for one in daemon.told()[0].alerts if one["labels"]["alertname"] == "RedisDown"]
            link = alert["generatorURL"]
            path = link[link.index("/alerts/") :]
            assert path.startswith(f"/alerts/{alert['fingerprint']}?at=")
            page = (await daemon.get(path)).text
            text = seen(page)
            assert "is down" in text
            assert "Critical" in text
            assert "told, firing" in text
            assert "stopped answering" in text
            assert "nobody listens there" in text, "the runbook is rendered in place"
            assert "Fired 1 time in 30 days" in text
            # redis_up was 1, and is 0 now.
            assert re.search(r'data-name="redis_up" data-lo="0" data-hi="1"', page)
            assert "fires at 0" in page
            listed = (await daemon.get("/alerts")).text
            assert f"/alerts/{alert['fingerprint']}" in listed

            await daemon.pass_time("1m")
            server.restart()
            await daemon.wait_until(lambda: ("RedisDown", server.instance) not in daemon.firing(), "3m")
            await daemon.pass_time("40m")
            answer = await daemon.get(path)
            assert answer.status_code == 200
            text = seen(answer.text)
            assert "Resolved" in text
            assert "is down" in text
            assert "told, over" in text
            assert "Silence…" not in text
            assert 'data-name="redis_up" data-lo="0" data-hi="1"' in answer.text
            assert (await daemon.get("/alerts/0000000000000000")).status_code == 404

    run_fast(story())
