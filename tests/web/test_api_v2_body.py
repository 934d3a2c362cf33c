"""Bodies of API v2: long ones are read as `json` reads them, in pieces, and bounded."""

import asyncio
import gc
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.requests import Request

from exporter.web.api_v2 import body as body_module
from exporter.web.api_v2.body import read_json
from exporter.web.api_v2.reply import RefusedError


async def _read(content: bytes, chunk_bytes: int = 65536) -> Any:
    chunks = [content[start : start + chunk_bytes] for start in range(0, len(content), chunk_bytes)]
    parts: Iterator[bytes] = iter(chunks or [b""])

    async def receive() -> dict[str, Any]:
        part = next(parts)
        return (
            {"type": "http.request", "body": part, "more_body": part is not chunks[-1]}
            if chunks
            else {"type": "http.request"}
        )

    return await read_json(Request({"type": "http", "method": "POST", "headers": []}, receive))


VALUES: list[Any] = [
    [
        {"labels": {"a": "ü" * 30, "b": '],[}"\\'}, "n": number, "x": [1, [2.5, None], {}]}
        for number in range(50)
    ],
    list(range(400)),
    ["\u2028]" * 7, ",", "]", "[", 12345678901234567890, -1.5e-7, True, None] * 20,
    [[]] * 300,
    [{}],
]


@pytest.mark.parametrize("indent", [None, 3])
@pytest.mark.parametrize("window", [400, 401, 513, 100_000])
@pytest.mark.parametrize("value", VALUES)
def test_lists_are_read_wherever_they_are_cut(
    value: Any, window: int, indent: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_module, "MAX_CHARACTERS", window)
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    assert asyncio.run(_read(f" \n{text}\t ".encode(), 77)) == value


@pytest.mark.parametrize(
    "text",
    [
        "[{LONG}, {}",
        "[{LONG}, {}}",
        "[{LONG} {}]",
        "[{LONG}, ]",
        "[{LONG},, {}]",
        "[, {}]",
        "[{LONG}] x",
        "[{LONG}]]",
        "[{LONG}, NaN]",
        "[{LONG}, 1 2]",
        "[{LONG}, tru]",
    ],
)
def test_what_is_no_json_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "MAX_CHARACTERS", 100)
    long = ", ".join(['{"a": "bcdefghi"}'] * 20)
    with pytest.raises(RefusedError, match="the body is not JSON") as caught:
        asyncio.run(_read(text.replace("{LONG}", long).encode()))
    assert caught.value.status == 400


@pytest.mark.parametrize("content", [b"", b"  \n", b"null"])
def test_nothing_is_none(content: bytes) -> None:
    assert asyncio.run(_read(content)) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[{"a": "' + b"x" * 300_000 + b'"}]', "something that is longer"),
        (b'{"a": "' + b"x" * 300_000 + b'"}', "something that is longer"),
        (b"[" + b"1" * 300_000 + b"]", "something that is longer"),
        (b"[" * 500_000, "not JSON"),
        (b"[" * 5_000, "not JSON"),
        (b"[" + b"[]," * 1_000_000 + b"[]]", "more than 1,000,000 values"),
        (b" " * (33 << 20), "larger than 32 MiB"),
        (b'["\xff"]', "not JSON"),
    ],
)
def test_what_would_take_much(content: bytes, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        asyncio.run(_read(content))


def test_many_alerts_give_way_to_others() -> None:
    alerts = [{"labels": {f"label_{n}": f"value {number}" for n in range(8)}} for number in range(40_000)]
    content = json.dumps(alerts).encode()

    async def run() -> None:
        reading = asyncio.create_task(_read(content))
        await asyncio.sleep(0)
        longest = whole = 0.0
        turns = 0
        while not reading.done():
            before = time.thread_time()
            await asyncio.sleep(0)
            spent = time.thread_time() - before
            longest, whole = max(longest, spent), whole + spent
            turns += 1
        assert reading.result() == alerts
        # At once it would be everything.
        assert longest < whole / 3
        assert turns > 20

    # A collection of all that the other tests have left would count as a step of ours.
    gc.disable()
    try:
        asyncio.run(run())
    finally:
        gc.enable()
