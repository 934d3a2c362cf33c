"""Certificates of servers: seen at each handshake, and looked at now and then while connections stand."""

import asyncio
from collections.abc import Mapping

import pytest

from exporter.model.target import Address, Target
from exporter.samplers import certificates
from exporter.samplers.certificates import CertificateWatch
from tests.clocks import ShiftedClock

TARGET = Target("t", Address("h", 6379, tls=True))


class Looks:
    """Handshakes that a test counts; the certificate ends so many seconds from the beginning."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, clock: ShiftedClock) -> None:
        self.at: list[float] = []
        self.ends_at = 0.0
        self._clock = clock
        monkeypatch.setattr(certificates, "see_certificate", self._see)

    async def _see(self, target: Target, *, timeout_seconds: float) -> float:
        self.at.append(self._clock.monotonic())
        return self.ends_at


@pytest.mark.parametrize(("left", "looks"), [(30 * 86400.0, 2), (3600.0, 24), (-1.0, 120)])
def test_the_less_time_is_left_the_more_often_it_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, left: float, looks: int
) -> None:
    clock = ShiftedClock()
    told = Looks(monkeypatch, clock)
    told.ends_at = clock.now() + left + (7200 if left == 3600 else 0)

    async def scenario() -> Mapping[str, float]:
        watch = CertificateWatch(TARGET, clock, 5.0)
        for _ in range(2 * 3600 // 15):
            watch.look_if_due()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            clock.ahead += 15
        await watch.close()
        return watch.expires_at

    assert asyncio.run(scenario()) == {"server": told.ends_at}
    assert len(told.at) == pytest.approx(looks, abs=1)


def test_a_handshake_of_a_connection_saves_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ShiftedClock()
    told = Looks(monkeypatch, clock)

    async def scenario() -> None:
        watch = CertificateWatch(TARGET, clock, 5.0)
        watch.note(clock.now() + 1e7)
        watch.look_if_due()
        await asyncio.sleep(0)
        plain = CertificateWatch(Target("p", Address("h", 6379)), clock, 5.0)
        plain.note(None)
        plain.look_if_due()
        await asyncio.sleep(0)
        assert plain.expires_at == {}

    asyncio.run(scenario())
    assert told.at == []
