"""Settings of the language model that drafts proposals."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from repos.database.database_url import is_host
from workers.setting_values import PREFIX, micros, number, refuse

# The model URL of the rule-based stand-in, for tests and demos.
SCRIPTED = "scripted:"
CONTEXT_TOKENS = 128_000
IDLE_SECONDS = 180
TOTAL_SECONDS = 420
MAX_TOTAL_SECONDS = 1_800
ATTEMPTS = 3
MAX_NAME = 120
MAX_ATTEMPTS = 10
_CURRENCY = re.compile(r"[A-Za-z]{1,8}", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


class ModelSettings(Struct, frozen=True, kw_only=True):
    """The settings of the model. Each field is the variable SCRIPTLEDGER_<NAME>, in capitals."""

    model_url: Annotated[
        str,
        Meta(
            description="The model that drafts proposals: an OpenAI-compatible URL like `https://host/v1`, or "
            "`scripted:` for a stand-in that only follows quoted rules. Empty: no proposals."
        ),
    ] = ""
    model: Annotated[str, Meta(description="The name of the model at that URL; at Azure, of the deployment.")] = ""
    model_key: Annotated[str, Meta(description="The API key for that URL. It is never shown.")] = ""
    model_api_version: Annotated[
        str,
        Meta(
            description="The API version of a deployment at Azure, like `2024-10-21`; the URL is then the resource, "
            "like `https://NAME.openai.azure.com`. Empty: another server, or Azure's `/openai/v1`, which needs none."
        ),
    ] = ""
    model_context_tokens: Annotated[
        int,
        Meta(
            description="How many tokens the model takes, prompt and answer together. A longer prompt is refused "
            "before anything is sent."
        ),
    ] = CONTEXT_TOKENS
    model_answer_tokens: Annotated[
        int,
        Meta(
            description="The most tokens that an answer may have, thoughts included; it is sent to the server. 0: "
            "nothing is sent, and a fifth of the context is kept for the answer."
        ),
    ] = 0
    model_idle_seconds: Annotated[
        int,
        Meta(description="How long the model may be silent. Models that think first are silent for a minute or more."),
    ] = IDLE_SECONDS
    model_seconds: Annotated[
        int,
        Meta(
            description="How long a proposal may take, with every attempt, pause and correction, from 1 to "
            f"{MAX_TOTAL_SECONDS}."
        ),
    ] = TOTAL_SECONDS
    model_attempts: Annotated[
        int, Meta(description=f"How often a call is tried while the server is overloaded or away, to {MAX_ATTEMPTS}.")
    ] = ATTEMPTS
    model_price_in: Annotated[
        int | None,
        Meta(description="The price of a million tokens of a prompt, like `2.50`. Empty: costs are in tokens."),
    ] = None
    model_price_out: Annotated[
        int | None, Meta(description="The price of a million tokens of an answer, like `10`; with the one above.")
    ] = None
    model_currency: Annotated[str, Meta(description="The currency of the prices.")] = "USD"

    @property
    def answer_tokens(self) -> int:
        """The tokens that are kept for an answer."""
        return self.model_answer_tokens or self.model_context_tokens // 5

    @classmethod
    def model_from_env(cls, environ: Mapping[str, str], key_file: Callable[[], str]) -> dict[str, Any]:
        """The fields of the model in an environment; `key_file` reads the file with the key.

        Raises:
            BadSetting: a variable has an invalid value.
        """

        def value(name: str) -> str:
            return environ.get(f"{PREFIX}{name}", "")

        def count(name: str, least: int = 1, most: int | None = None) -> int:
            return number(name, value(name), least=least, most=most)

        context = count("MODEL_CONTEXT_TOKENS", 1_000) or CONTEXT_TOKENS
        price_in, price_out = (micros(name, value(name)) for name in ("MODEL_PRICE_IN", "MODEL_PRICE_OUT"))
        if (price_in is None) != (price_out is None):
            refuse(f"MODEL_PRICE_{'IN' if price_in is None else 'OUT'}", "set, but the other price is")
        return {
            "model_url": _url(value("MODEL_URL")),
            "model": _name(value("MODEL")),
            "model_key": _key(value("MODEL_KEY") or key_file()),
            "model_api_version": _matching("MODEL_API_VERSION", value, _VERSION, "a version like 2024-10-21"),
            "model_context_tokens": context,
            "model_answer_tokens": count("MODEL_ANSWER_TOKENS", 0, context - 500),
            "model_idle_seconds": count("MODEL_IDLE_SECONDS", 1, MAX_TOTAL_SECONDS) or IDLE_SECONDS,
            "model_seconds": count("MODEL_SECONDS", 1, MAX_TOTAL_SECONDS) or TOTAL_SECONDS,
            "model_attempts": count("MODEL_ATTEMPTS", 1, MAX_ATTEMPTS) or ATTEMPTS,
            "model_price_in": price_in,
            "model_price_out": price_out,
            "model_currency": _matching("MODEL_CURRENCY", value, _CURRENCY, "letters like USD").upper() or "USD",
        }

    def model_to_env(self) -> dict[str, str]:
        """The environment variables that give a child process these settings."""
        fields = {name: getattr(self, name) for name in ModelSettings.__struct_fields__}
        return {f"{PREFIX}{name.upper()}": _text(name, value) for name, value in fields.items()}

    def __repr__(self) -> str:
        """Without the key: settings end up in logs."""
        return f"ModelSettings({self.model!r})"


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    whole, rest = divmod(value, 1_000_000) if name.startswith("model_price") else (value, 0)
    return f"{whole}.{rest:06}" if rest else str(whole)


def _matching(name: str, value: Callable[[str], str], wanted: re.Pattern[str], words: str) -> str:
    text = value(name)
    if text and not wanted.fullmatch(text):
        refuse(name, words)
    return text


def _url(url: str) -> str:
    if url and url != SCRIPTED and not _is_address(url):
        wanted = f"the address of a model, like https://host/v1, or {SCRIPTED}"
        hint = f" (a key belongs in {PREFIX}MODEL_KEY)" if set("@?#") & set(url) else ""
        refuse("MODEL_URL", wanted + hint)
    return url.rstrip("/")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:  # without its message, which may quote a key
        return False
    is_http = parts.scheme in ("http", "https") and host is not None and is_host(host)
    return is_http and url.isprintable() and not set("@?#") & set(url)


def _name(name: str) -> str:
    if not name.isprintable() or len(name) > MAX_NAME:
        refuse("MODEL", f"the name of a model: up to {MAX_NAME} letters, digits and marks on one line")
    return name


def _key(key: str) -> str:
    # The key is sent in a header; an error would quote a character that is not allowed there.
    if not all("!" <= character <= "~" for character in key):
        refuse("MODEL_KEY", "a key: letters, digits and marks without white space")
    return key
