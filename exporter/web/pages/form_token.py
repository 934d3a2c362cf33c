"""Tokens of forms: who posts one has read a page of this daemon, which pages of other origins cannot."""

import hmac
import secrets
from typing import Final

_BUCKET_SECONDS: Final = 12 * 3600


class FormTokens:
    """Makes and checks the tokens; they hold for 12 to 24 hours, or until the daemon is restarted."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def make(self, now: float) -> str:
        """Return a token for a form that is shown now (epoch seconds)."""
        return self._token(int(now // _BUCKET_SECONDS))

    def holds(self, token: str, now: float) -> bool:
        """Whether a token was made here, not too long ago."""
        bucket = int(now // _BUCKET_SECONDS)
        given = token.encode("utf-8", "replace")
        return any(hmac.compare_digest(given, self._token(one).encode()) for one in (bucket, bucket - 1))

    def _token(self, bucket: int) -> str:
        return hmac.digest(self._key, str(bucket).encode(), "sha256").hex()
