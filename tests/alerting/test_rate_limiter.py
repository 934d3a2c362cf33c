"""An integration sends a bounded number of notifications at a time, and none before Retry-After is over."""

import asyncio

import pytest

from exporter.alerting.rate_limiter import RateLimiter
from exporter.errors import NotifyError
from exporter.notify.retry_after import MOST_SECONDS
from tests.clocks import run_virtually

FAR = 1e6
FAILED = NotifyError("status 500", retryable=True)


async def send(limiter: RateLimiter, sent: list[float], seconds: float, deadline: float = FAR) -> None:
    async with limiter.acquire(deadline):
        sent.append(asyncio.get_running_loop().time())
        await asyncio.sleep(seconds)


def test_no_more_than_so_many_are_sent_at_a_time() -> None:
    async def main() -> None:
        limiter, sent = RateLimiter(concurrency=2), list[float]()
        await asyncio.gather(*(send(limiter, sent, 10) for _ in range(5)))
        assert sent == [0, 0, 10, 10, 20]

    run_virtually(main())


def test_who_finds_no_slot_before_the_deadline_sends_nothing_and_may_retry() -> None:
    async def main() -> None:
        limiter, sent = RateLimiter(concurrency=1), list[float]()
        first = asyncio.create_task(send(limiter, sent, 10))
        await asyncio.sleep(0)
        with pytest.raises(NotifyError, match="too many messages are being sent") as caught:
            await send(limiter, sent, 1, deadline=5)
        assert (caught.value.retryable, caught.value.kind) == (True, "contextDeadlineExceeded")
        await first
        await send(limiter, sent, 1)
        assert sent == [0, 10]

    run_virtually(main())


def test_nothing_is_sent_before_retry_after_is_over() -> None:
    async def main() -> None:
        limiter, sent = RateLimiter(), list[float]()
        limiter.back_off(30)
        limiter.back_off(10)
        assert limiter.wait_seconds == 30
        with pytest.raises(NotifyError, match="the receiver asked to wait longer"):
            await send(limiter, sent, 0, deadline=29)
        await send(limiter, sent, 0)
        assert sent == [30]
        assert limiter.wait_seconds == 0

    run_virtually(main())


def test_a_receiver_can_ask_for_five_minutes_at_most() -> None:
    async def main() -> None:
        limiter = RateLimiter()
        limiter.back_off(86_400)
        assert limiter.wait_seconds == MOST_SECONDS == 300

    run_virtually(main())


def test_a_slot_is_free_again_after_a_failure() -> None:
    async def main() -> None:
        limiter, sent = RateLimiter(concurrency=1), list[float]()
        for _ in range(3):
            with pytest.raises(NotifyError):
                async with limiter.acquire(FAR):
                    raise FAILED
        await send(limiter, sent, 0)
        assert sent == [0]

    run_virtually(main())


def test_only_a_change_from_failing_to_delivered_and_back_is_news() -> None:
    limiter = RateLimiter()
    assert not limiter.record_result(None)
    assert limiter.record_result(FAILED)
    assert not limiter.record_result(FAILED)
    assert limiter.error is FAILED
    assert limiter.record_result(None)
    assert limiter.error is None


def test_only_the_first_request_to_wait_since_the_last_delivery_is_news() -> None:
    async def main() -> None:
        limiter = RateLimiter()
        assert limiter.back_off(1)
        limiter.record_result(FAILED)
        assert not limiter.back_off(1)
        limiter.record_result(None)
        assert limiter.back_off(1)

    run_virtually(main())
