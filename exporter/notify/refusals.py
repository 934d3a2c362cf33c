"""Refusals: answers of receivers that accept nothing, as errors."""

from exporter.errors import NotifyError
from exporter.http_client.transport import Answer
from exporter.notify.retry_after import read_pause


def refusal(message: str, answer: Answer, now: float, *, is_retryable: bool) -> NotifyError:
    """Return the error for an answer that accepts nothing, with the pause that it asks for."""
    status = answer.status
    kind = "serverError" if status >= 500 else "clientError" if status >= 400 else "other"
    pause = read_pause(answer.headers.get("retry-after", ""), now) if is_retryable else None
    return NotifyError(
        f"{message}; it {pause}" if pause else message,
        retryable=is_retryable,
        kind="rateLimited" if status == 429 else kind,
        retry_after_seconds=pause.seconds if pause else None,
    )
