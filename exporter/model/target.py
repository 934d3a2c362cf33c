"""A server to watch: where it is, how to get in, what to call it."""

from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Final

from exporter.model.labels import EMPTY, Labels
from exporter.model.secret import Secret

JOB_LABEL: Final = "job"
INSTANCE_LABEL: Final = "instance"
DEFAULT_JOB: Final = "redis"
"""The job that rules and dashboards made for redis_exporter select by."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens: host and port, or a Unix socket's `path`; `database` is selected on connect."""

    host: str = "localhost"
    port: int = 6379
    path: str = ""
    database: int = 0
    tls: bool = False

    def __str__(self) -> str:
        """As a URL without credentials."""
        database = f"/{self.database}" if self.database else ""
        if self.path:
            return f"unix://{self.path}" + (f"?db={self.database}" if self.database else "")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rediss' if self.tls else 'redis'}://{host}:{self.port}{database}"

    @property
    def instance(self) -> str:
        """The default value of the label `instance`."""
        if self.path:
            return self.path
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Tls:
    """How the server's certificate is checked and which one is shown to it."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    server_name: str = ""
    insecure_skip_verify: bool = False


@dataclass(frozen=True, slots=True)
class PasswordSource:
    """Where a password is read, and read again once a server has refused it: one of these is given.

    `command` is a program and its arguments, which may be secret: only the program's name ever shows.
    """

    file: Path | None = None
    variable: str = ""
    command: tuple[str, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        """The key of the configuration and what it names."""
        if self.command:
            return f"password_command {PurePath(self.command[0]).name}"
        return f"password_file {self.file}" if self.file else f"password_env {self.variable}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials for AUTH: the password, or where it is read. Without either no AUTH is sent."""

    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    source: PasswordSource | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """One server under one `instance` name; equal targets can go on with the same connection.

    `job` is the label that Prometheus would add to what it scrapes; one among the `labels` wins.
    """

    instance: str
    address: Address
    credentials: Credentials = Credentials()
    tls: Tls = Tls()
    labels: Labels = EMPTY
    job: str = ""

    def __hash__(self) -> int:
        # Hardly any two have one name; a hash of everything would be made anew for each look-up.
        return hash(self.instance)

    @property
    def exposed_labels(self) -> Labels:
        """The labels that every series of this target has on `/metrics`: `instance` and its own."""
        return self.labels.with_({INSTANCE_LABEL: self.instance})

    @property
    def series_labels(self) -> Labels:
        """The labels that every series of this target has in the store: those, and `job`."""
        return Labels({JOB_LABEL: self.job, **self.exposed_labels.as_dict()})

    @property
    def unexposed_labels(self) -> frozenset[str]:
        """The names of those that are not on `/metrics`: whoever scrapes it adds them."""
        return frozenset({JOB_LABEL}) if self.job and JOB_LABEL not in self.labels else frozenset()
