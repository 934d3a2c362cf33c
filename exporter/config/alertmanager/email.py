"""`email_configs`.

Source of fields, defaults and rules: notify/email/config.go and config/config.go of Alertmanager.
"""

from collections.abc import Iterator
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from exporter.config.alertmanager.entry import ReceiverEntry
from exporter.config.alertmanager.globals import Global, HostPort
from exporter.config.alertmanager.http import TlsConfig, at_most_one
from exporter.config.alertmanager.scalars import Flag, Text
from exporter.config.fields import RelativePath, SecretText, Section
from exporter.config.validation import PlacedError
from exporter.errors import Problem

DEFAULT_SUBJECT: Final = '{{ template "email.default.subject" . }}'
_NAME_CHARACTERS: Final = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"
)

_DEFAULT_WHERE_EMPTY: Final = ("from_", "hello", "smarthost", "auth_username", "auth_identity")
_DEFAULT_WHERE_NONE: Final = ("require_tls", "tls_config", "force_implicit_tls")
_SECRETS: Final = ("auth_password", "auth_secret")


def _headers(headers: dict[str, str]) -> dict[str, str]:
    """The headers under their canonical names; each once, whatever its case."""
    canonical: dict[str, str] = {}
    for name, value in headers.items():
        if not name or not set(name) <= _NAME_CHARACTERS:
            raise PlacedError([Problem((name,), f'"{name}" is not the name of a header', at_key=True)])
        known = "-".join(part.capitalize() for part in name.split("-"))
        if known in canonical:
            raise PlacedError([Problem((name,), f'the header "{known}" is there already', at_key=True)])
        canonical[known] = value
    return canonical


Headers = Annotated[dict[str, Text], AfterValidator(_headers)]
"""Headers of a mail by name; the values are templates."""


class Threading(Section):
    """Whether mail programs show the mails about one group as one conversation."""

    enabled: Flag = False
    """Whether they do."""
    thread_by_date: Literal["none", "daily"] | None = None
    """Whether a conversation ends with the day (`daily`) or never (`none`)."""

    @model_validator(mode="after")
    def _check_date(self) -> Self:
        if self.enabled and self.thread_by_date is None:
            raise ValueError("needs thread_by_date: none or daily")
        return self


class EmailConfig(ReceiverEntry):
    """A mail; what is not written comes from the `smtp_…` fields of `global`."""

    send_resolved: Flag = False
    """Whether the end of alerts is sent too."""
    to: Text = Field(min_length=1)
    """The recipients, separated by commas."""
    from_: Text = Field(default="", alias="from")
    """The sender."""
    hello: Text = ""
    """The name the mail server is greeted with."""
    smarthost: HostPort = ""
    """The mail server."""
    auth_username: Text = ""
    """The user at the mail server."""
    auth_password: SecretText | None = None
    """The password, for PLAIN and LOGIN."""
    auth_password_file: RelativePath | None = None
    """A file with the password."""
    auth_secret: SecretText | None = None
    """The secret of CRAM-MD5."""
    auth_secret_file: RelativePath | None = None
    """A file with the secret of CRAM-MD5."""
    auth_identity: Text = ""
    """The identity of PLAIN."""
    headers: Headers = Field(default_factory=dict)
    """Further headers, or other values of Subject, To and From."""
    html: Text = '{{ template "email.default.html" . }}'
    """The mail as HTML; empty for none."""
    text: Text = ""
    """The mail as text; empty for none."""
    require_tls: Flag | None = None
    """Whether the mail goes out encrypted only."""
    tls_config: TlsConfig | None = None
    """TLS towards the mail server."""
    force_implicit_tls: Flag | None = None
    """Whether TLS begins with the connection; where it is not written: at port 465."""
    threading: Threading = Threading()
    """Conversations."""

    def with_globals(self, defaults: Global) -> Self:
        """Return the entry with the mail server and its credentials from `global`."""
        update: dict[str, object] = {}
        for name in _DEFAULT_WHERE_EMPTY:
            update[name] = getattr(self, name) or getattr(defaults, f"smtp_{name.rstrip('_')}")
        for name in _DEFAULT_WHERE_NONE:
            own = getattr(self, name)
            update[name] = getattr(defaults, f"smtp_{name}") if own is None else own
        for name in _SECRETS:
            if not getattr(self, name) and not getattr(self, f"{name}_file"):
                update[name] = getattr(defaults, f"smtp_{name}")
                update[f"{name}_file"] = getattr(defaults, f"smtp_{name}_file")
        return self.model_copy(update=update)

    def find_incomplete(self, defaults: Global) -> Iterator[Problem]:
        """Yield that there is no mail server, or no sender."""
        if not self.smarthost:
            yield Problem((), "there is no mail server: write smarthost here, or smtp_smarthost in global")
        if not self.from_:
            yield Problem((), "there is no sender: write from here, or smtp_from in global")

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        at_most_one(self, "auth_password", "auth_password_file")
        at_most_one(self, "auth_secret", "auth_secret_file")
        for name in ("References", "In-Reply-To"):
            if self.threading.enabled and name in self.headers:
                raise ValueError(f"threading goes without a header {name} of your own")
        return self
