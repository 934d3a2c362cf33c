"""`targets`: the servers to watch, each with its way in, its labels and its exceptions."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, model_validator

from exporter.config.fields import (
    Duration,
    PasswordCommand,
    PositiveDuration,
    ReadableFile,
    SecretText,
    Section,
    check_program,
    required_environment,
    text_from_file,
)
from exporter.config.relabeling import LABEL_NAME
from exporter.config.samplers import SamplersSection
from exporter.config.url import ServerUrl, parse_server_url
from exporter.config.validation import PlacedError
from exporter.errors import Problem
from exporter.model.labels import Labels
from exporter.model.secret import Secret
from exporter.model.target import JOB_LABEL, Credentials, PasswordSource, Target, Tls
from exporter.url_login import without_login, without_password

PASSWORDS: Final = ("password", "password_file", "password_env", "password_command")
"""The keys that say what the password is, or where; one of them at most."""


def _url(value: object) -> ServerUrl:
    if isinstance(value, ServerUrl):
        return value
    if not isinstance(value, str) or not value:
        raise ValueError("must be a URL such as redis://host:6379")
    return parse_server_url(value)


RedisUrl = Annotated[
    ServerUrl, PlainValidator(_url, json_schema_input_type=str), PlainSerializer(str, return_type=str)
]
"""Where a server is: redis://, rediss://, valkey://, valkeys:// or unix://."""


def _check_labels(labels: dict[str, str]) -> dict[str, str]:
    problems = []
    for name in labels:
        if not LABEL_NAME.fullmatch(name) or name.startswith("__"):
            message = "is not a label name: letters, digits and _, not beginning with __"
            problems.append(Problem((name,), message, at_key=True))
        elif name == "instance":
            problems.append(Problem((name,), "is set by the key instance of the target", at_key=True))
    if problems:
        raise PlacedError(problems)
    return {name: without_login(value) for name, value in labels.items()}


LabelMap = Annotated[dict[str, str], AfterValidator(_check_labels)]
"""Labels by name. They stand everywhere, so that a login in a URL among them is left out."""


class TlsSection(Section):
    """How the server's certificate is checked, and which one is shown to it."""

    ca_file: ReadableFile | None = None
    """Authorities to trust, in PEM; without it the system's."""
    cert_file: ReadableFile | None = None
    """The certificate to show, in PEM."""
    key_file: ReadableFile | None = None
    """The key of that certificate, in PEM."""
    server_name: str = ""
    """The name that the server's certificate must bear, where it is not the host's."""
    insecure_skip_verify: bool = False
    """Trust any certificate."""

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if self.key_file and not self.cert_file:
            raise ValueError("key_file needs a cert_file")
        return self

    def to_tls(self) -> Tls:
        """The same for a connection."""
        return Tls(self.ca_file, self.cert_file, self.key_file, self.server_name, self.insecure_skip_verify)


class CredentialsSection(Section):
    """User and password."""

    username: str = ""
    """The user of the server's ACL; without it the default user."""
    password: SecretText | None = None
    """The password. Better kept in a file or an environment variable."""
    password_file: ReadableFile | None = None
    """A file that holds the password. It is read again when a server refuses what was read last."""
    password_env: str = ""
    """The name of an environment variable that holds the password."""
    password_command: PasswordCommand | None = Field(default=None, repr=False)
    """A program and its arguments that prints the password on its first line, for tokens that expire. It runs
    without a shell, for 10 seconds at most, and again when a server refuses what it printed last."""

    @model_validator(mode="after")
    def _check_password(self) -> Self:
        given = [name for name in PASSWORDS if getattr(self, name)]
        if len(given) > 1:
            raise PlacedError([Problem((given[1],), f"{given[0]} is given too: only one of them can be")])
        checks = (
            ("password_file", text_from_file),
            ("password_env", required_environment),
            ("password_command", check_program),
        )
        for name, read in checks:
            value: Any = getattr(self, name)
            if value:
                try:
                    read(value)
                except ValueError as error:
                    raise PlacedError([Problem((name,), str(error))]) from None
        return self

    def read_credentials(self, url: ServerUrl | None = None) -> Credentials:
        """Return the credentials. Those of the URL come last."""
        username = self.username or (url.username if url else "")
        if self.password_file or self.password_env or self.password_command:
            command = self.password_command or ()
            source = PasswordSource(self.password_file, self.password_env, tuple(command))
            return Credentials(username, source=source)
        return Credentials(username, self.password or (url.password if url else Secret("")))


class AccessSection(CredentialsSection):
    """The way in: user, password and TLS."""

    tls: TlsSection = TlsSection()
    """TLS options, for rediss:// and valkeys://."""


def check_one_job(job: str, labels: Mapping[str, str]) -> None:
    """The job of a server stands in one place; raises `PlacedError`."""
    if job and JOB_LABEL in labels:
        raise PlacedError([Problem((JOB_LABEL,), "labels holds a job too: only one of them can be")])


def check_timeout(timeout: Duration, interval: Duration, key: str) -> None:
    """Prometheus' rule: no pass may take longer than it is to the next one; raises `PlacedError`."""
    if timeout > interval:
        message = f"{timeout} is longer than {key} ({interval}): the next pass would come before its end"
        raise PlacedError([Problem(("sample_timeout",), message)])


class TargetSection(AccessSection):
    """One server."""

    url: RedisUrl
    """Where the server is: redis://host:port/database, rediss:// for TLS, unix:///path for a socket."""
    instance: Annotated[str, AfterValidator(without_password)] = ""
    """The value of the label `instance`; host:port where it is not given."""
    job: str = ""
    """Instead of `global.job`, for this server."""
    labels: LabelMap = Field(default_factory=dict)
    """Labels that all series of this server carry. A `job` among them is its job, and stands on `/metrics`
    as they all do."""
    sample_interval: PositiveDuration | None = None
    """Instead of `global.sample_interval`, for this server."""
    sample_timeout: PositiveDuration | None = None
    """Instead of `global.sample_timeout`, for this server."""
    samplers: SamplersSection = Field(default_factory=SamplersSection)
    """What differs from `samplers` for this server."""

    @model_validator(mode="after")
    def _check_url(self) -> Self:
        check_one_job(self.job, self.labels)
        problems = []
        given = [name for name in PASSWORDS if getattr(self, name)]
        if self.url.password and given:
            problems.append(Problem((given[0],), "the URL holds a password too: only one of them can be"))
        if self.sample_timeout and self.sample_interval:
            check_timeout(self.sample_timeout, self.sample_interval, "sample_interval")
        if self.tls.model_fields_set and not self.url.address.tls:
            problems.append(Problem(("tls",), "has no effect: TLS needs a URL with rediss:// or valkeys://"))
        if problems:
            raise PlacedError(problems)
        return self

    @property
    def name(self) -> str:
        """The value of the label `instance`."""
        return self.instance or self.url.address.instance

    def to_target(self, job: str = "") -> Target:
        """The server to watch, of this job unless it has one of its own."""
        return Target(
            instance=self.name,
            address=self.url.address,
            credentials=self.read_credentials(self.url),
            tls=self.tls.to_tls(),
            labels=Labels(self.labels),
            job=self.job or job,
        )
