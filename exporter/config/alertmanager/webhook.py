"""`webhook_configs`.

Source of fields, defaults and rules: notify/webhook/config.go of Alertmanager.
"""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from exporter.config.alertmanager.entry import HttpReceiverEntry
from exporter.config.alertmanager.http import at_most_one, check_url
from exporter.config.fields import Duration, RelativePath, SecretText
from exporter.model.secret import Secret


def _webhook_url(secret: Secret) -> Secret:
    # Since Alertmanager 0.29 the address may be a template.
    if "{{" not in secret.reveal():
        check_url(secret.reveal())
    return secret


class WebhookConfig(HttpReceiverEntry):
    """A POST of the alerts as JSON."""

    url: Annotated[SecretText, AfterValidator(_webhook_url)] | None = None
    """Where to."""
    url_file: RelativePath | None = None
    """A file with the address."""
    max_alerts: Annotated[int, Field(ge=0)] = 0
    """The most alerts in one message; 0 for all."""
    timeout: Duration = Duration(0)
    """How long a request may take; 0 for the default of 30 s."""
    payload: Any = None
    """The message in a form of your own: texts in it are templates. Without it the alerts as JSON."""

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        at_most_one(self, "url", "url_file")
        if self.url is None and self.url_file is None:
            raise ValueError("needs a url or a url_file")
        return self
