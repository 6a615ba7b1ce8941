"""Settings of the model: read with their units, passed on unchanged, refused by name."""

from __future__ import annotations

import pytest

from workers.setting_values import BadSetting
from workers.settings import Settings

ENVIRON = {
    "SCRIPTLEDGER_MODEL_URL": "https://name.openai.azure.com/",
    "SCRIPTLEDGER_MODEL": "writer-1",
    "SCRIPTLEDGER_MODEL_KEY": "sk-1",
    "SCRIPTLEDGER_MODEL_API_VERSION": "2024-10-21",
    "SCRIPTLEDGER_MODEL_CONTEXT_TOKENS": "32000",
    "SCRIPTLEDGER_MODEL_ANSWER_TOKENS": "8000",
    "SCRIPTLEDGER_MODEL_IDLE_SECONDS": "60",
    "SCRIPTLEDGER_MODEL_SECONDS": "900",
    "SCRIPTLEDGER_MODEL_ATTEMPTS": "5",
    "SCRIPTLEDGER_MODEL_PRICE_IN": "2.5",
    "SCRIPTLEDGER_MODEL_PRICE_OUT": "10",
    "SCRIPTLEDGER_MODEL_CURRENCY": "eur",
}


def test_the_settings_of_the_model_are_read_and_passed_on():
    settings = Settings.from_env(ENVIRON)

    assert (settings.model_url, settings.model_api_version) == ("https://name.openai.azure.com", "2024-10-21")
    assert (settings.model_context_tokens, settings.answer_tokens) == (32_000, 8_000)
    assert (settings.model_idle_seconds, settings.model_seconds, settings.model_attempts) == (60, 900, 5)
    assert (settings.model_price_in, settings.model_price_out) == (2_500_000, 10_000_000)
    assert settings.model_currency == "EUR"
    assert Settings.from_env(settings.to_env()) == settings
    assert "sk-1" not in repr(settings)


def test_without_them_the_usual_ones_count():
    settings = Settings.from_env(dict.fromkeys(ENVIRON, ""))

    assert (settings.model_context_tokens, settings.answer_tokens) == (128_000, 25_600)
    assert (settings.model_idle_seconds, settings.model_seconds, settings.model_attempts) == (180, 420, 3)
    assert (settings.model_price_in, settings.model_currency) == (None, "USD")
    assert Settings.from_env(settings.to_env()) == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODEL_API_VERSION", "2024 10"),
        ("MODEL_API_VERSION", "x&y=1"),
        ("MODEL_CONTEXT_TOKENS", "999"),
        ("MODEL_CONTEXT_TOKENS", "many"),
        ("MODEL_ANSWER_TOKENS", "32000"),
        ("MODEL_ANSWER_TOKENS", "-1"),
        ("MODEL_IDLE_SECONDS", "0"),
        ("MODEL_SECONDS", "1801"),
        ("MODEL_ATTEMPTS", "11"),
        ("MODEL_PRICE_IN", "2,50"),
        ("MODEL_PRICE_IN", "1e3"),
        ("MODEL_PRICE_IN", "-1"),
        ("MODEL_PRICE_OUT", ""),
        ("MODEL_CURRENCY", "US$"),
    ],
)
def test_a_value_that_is_none_is_refused_by_the_name_of_its_variable(name: str, value: str):
    with pytest.raises(BadSetting, match=f"^SCRIPTLEDGER_{name} is not ") as caught:
        Settings.from_env({**ENVIRON, f"SCRIPTLEDGER_{name}": value})

    assert "sk-1" not in str(caught.value)
