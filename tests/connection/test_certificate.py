"""When certificates expire: read from their bytes, from files, and from servers that show them."""

import asyncio
import random
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from exporter.connection.certificate import expiry, expiry_of_file
from exporter.connection.handshake import see_certificate
from exporter.errors import Reason, TargetError
from exporter.model.target import Address, Target, Tls
from tests.connection.test_tls import tls_in_front_of
from tests.servers import RealServer, free_port

MOMENTS = [
    datetime(2026, 11, 28, 12, 0, 1, tzinfo=UTC),
    datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC),
    # From 2050 on the year has four digits.
    datetime(2050, 1, 1, tzinfo=UTC),
    datetime(1999, 2, 28, tzinfo=UTC),
]


def der_of(moment: datetime, key: trustme.KeyType = trustme.KeyType.ECDSA) -> bytes:
    authority = trustme.CA(key_type=key)
    before = moment - timedelta(days=30)
    leaf = authority.issue_cert("a.example", not_before=before, not_after=moment, key_type=key)
    return ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("key", list(trustme.KeyType))
def test_the_moment_is_that_of_the_certificate(moment: datetime, key: trustme.KeyType) -> None:
    der = der_of(moment, key)
    assert expiry(der) == moment.timestamp()
    assert x509.load_der_x509_certificate(der).not_valid_after_utc == moment


def test_what_is_no_certificate_has_no_moment() -> None:
    der = der_of(MOMENTS[0])
    dice = random.Random(7)
    assert expiry(b"") is None
    for _ in range(3000):
        broken = bytearray(der[: dice.choice([len(der), dice.randrange(len(der))])])
        for _ in range(dice.randrange(4)):
            if broken:
                broken[dice.randrange(len(broken))] = dice.randrange(256)
        assert isinstance(expiry(bytes(broken)), float | None)
    for length in range(len(der) // 2):
        assert expiry(der[:length]) is None


def test_files(tmp_path: Path) -> None:
    leaf = trustme.CA().issue_cert("a.example", not_after=MOMENTS[0])
    path = tmp_path / "both.pem"
    leaf.private_key_and_cert_chain_pem.write_to_path(str(path))
    assert expiry_of_file(path) == MOMENTS[0].timestamp()
    path.write_bytes(b"\xff nothing")
    assert expiry_of_file(path) is None
    assert expiry_of_file(tmp_path / "missing.pem") is None


@pytest.mark.parametrize("days", [-3, 3])
def test_a_server_shows_it_whether_it_is_good_or_not(empty_server: RealServer, days: int) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)

    async def scenario() -> float | None:
        async with tls_in_front_of(empty_server, trustme.CA(), not_after=until) as port:
            target = Target("t", Address("127.0.0.1", port, tls=True), tls=Tls(server_name="other.example"))
            return await see_certificate(target, timeout_seconds=10)

    assert asyncio.run(scenario()) == until.timestamp()


def test_where_there_is_no_handshake_the_reason_is_told(empty_server: RealServer) -> None:
    async def reason(port: int) -> Reason:
        with pytest.raises(TargetError) as caught:
            await see_certificate(Target("t", Address("127.0.0.1", port, tls=True)), timeout_seconds=1)
        return caught.value.reason

    assert asyncio.run(reason(free_port())) is Reason.REFUSED
    # A server that speaks no TLS waits for the rest of the first command.
    assert asyncio.run(reason(empty_server.port)) is Reason.TIMEOUT
