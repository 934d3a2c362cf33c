"""Secrets that stand in the configuration or in a file."""

from pathlib import Path

from exporter.config.fields import text_from_file
from exporter.errors import NotifyError
from exporter.model.secret import Secret


def reveal(inline: Secret | None, file: Path | None) -> str:
    """Return a secret; a file is read each time, so that it can be changed while the daemon runs.

    Raises `NotifyError`, which is worth a retry: the file may come back.
    """
    if file is None:
        return inline.reveal() if inline else ""
    try:
        return text_from_file(file).strip()
    except ValueError as error:
        raise NotifyError(str(error), retryable=True) from None
