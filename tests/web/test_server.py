"""The HTTP server: what it adds to answers, and that it ends when it is told to."""

import asyncio
from email.utils import parsedate_to_datetime

import httpx
from starlette.responses import PlainTextResponse

from exporter.web.server import WebServer, bind


def test_answers_carry_the_date_and_stopping_waits_for_no_tick() -> None:
    async def scenario() -> httpx.Response:
        server = WebServer(PlainTextResponse("here", headers={"x-own": "1"}), bind("127.0.0.1", 0))
        server.start()
        host, port = server.address
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://{host}:{port}/")
        async with asyncio.timeout(2):
            await server.stop()
        return answer

    answer = asyncio.run(scenario())

    assert (answer.text, answer.headers["x-own"]) == ("here", "1")
    assert answer.headers.get_list("date") == [answer.headers["date"]]
    assert parsedate_to_datetime(answer.headers["date"]).tzinfo is not None
    assert "server" not in answer.headers
