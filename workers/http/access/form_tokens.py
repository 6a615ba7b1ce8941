"""Forms that another site cannot forge: a browser sends the password with any request to this host."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers

FIELD = "token"
MAX_FIELDS = 20
FORM = "application/x-www-form-urlencoded"


class ForgedForm(Exception):
    """A form does not come from a page of this process; the message is a sentence."""


class FormTokens:
    """A token for each person, which only pages of this process hold."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes()

    def token(self, name: str) -> str:
        """The token in the forms of a person."""
        return hmac.digest(self._key, name.encode(errors="surrogateescape"), "sha256").hex()

    def fields(self, name: str, headers: Headers, body: bytes) -> Mapping[str, str]:
        """The fields of a form that a person sent.

        Raises:
            ForgedForm: it comes from another site, or has no valid token.
        """
        require_same_site(headers)
        if headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise ForgedForm("Only forms of this page are accepted.")
        try:
            fields = dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS))
        except ValueError:
            raise ForgedForm("The form cannot be read.") from None
        given = fields.pop(FIELD, "").encode(errors="replace")
        if not hmac.compare_digest(given, self.token(name).encode()):
            raise ForgedForm("The form is from before a restart. Go back, reload the page, and send it again.")
        return fields


def require_same_site(headers: Headers) -> None:
    """Check where a browser says that a request comes from.

    Raises:
        ForgedForm: from another site.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    # A proxy with TLS changes the scheme, and keeps the host.
    if site not in (None, "same-origin") or (origin is not None and not _is_host(origin, headers.get("host", ""))):
        raise ForgedForm("The form was sent from another site.")


def _is_host(origin: str, host: str) -> bool:
    try:
        return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False
