"""Beside real servers: no number that INFO tells is left out without a reason."""

import re

from exporter.samplers.info.fields.catalogue import FIELDS
from exporter.samplers.info.sections import certificates, replication
from tests.conftest import StartServer
from tests.samplers.info.test_reading import reading

OF_PRIMARY = {f"{prefix}_{name}" for prefix in ("master", "slave") for name in replication.OF_PRIMARY}
KNOWN = FIELDS.keys() | certificates.FIELDS | OF_PRIMARY
# Numbers that say what others say too, that are names, or that nobody would look at.
LEFT_OUT = re.compile(
    r".*_human|uptime_in_days|lru_clock|server_time_usec|arch_bits|redis_git_.*|monotonic_clock|gcc_version"
    r"|redis_version|valkey_version|tcp_port|master_host|master_port|master_replid2?|slave_read_only|run_id"
    r"|redis_build_id"
)


def test_every_number_that_a_real_server_tells_is_shown(start_each_server: StartServer) -> None:
    primary = start_each_server("--appendonly", "yes")
    replica = start_each_server("--replicaof", "127.0.0.1", str(primary.port))
    for server in (primary, replica):
        # The client would make a dictionary of it.
        server.client.set_response_callback("INFO", lambda answer, **_: answer)
        text = server.client.execute_command("INFO", "ALL")
        numbers = [line for line in text.split("\r\n") if re.fullmatch(r"\w+:-?[\d.]+", line)]
        names = {line.partition(":")[0] for line in numbers}
        assert {name for name in names - KNOWN if not LEFT_OUT.fullmatch(name)} == set()
        assert len(names) > 100
        assert len(reading().read(text.encode())) > 150
