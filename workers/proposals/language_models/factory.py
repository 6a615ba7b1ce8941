"""The factory of the language model in the settings, and of the terms on which it is called."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from domain.proposals.refusals import ModelUnavailable, NoModel
from workers.model_settings import SCRIPTED, ModelSettings
from workers.proposals.language_models.interface import UNWATCHED, Completion, Message, Model, Watch
from workers.proposals.language_models.scripted import ScriptedModel
from workers.proposals.language_models.token_budget import Price, TokenBudget

_CLIENT = "workers.proposals.language_models.openai_client"


class Terms(NamedTuple):
    """How much a proposal may take: tokens at a time, seconds altogether; and the price of tokens."""

    budget: TokenBudget
    price: Price
    seconds: int


class MissingModel:
    """The model without configuration: it refuses each proposal with a reason, so that none waits forever."""

    name = "none"

    def __init__(self, refusal: NoModel | ModelUnavailable) -> None:
        self._refusal = refusal

    def complete(self, messages: Sequence[Message], watch: Watch = UNWATCHED) -> Completion:  # noqa: ARG002 - the interface requires them
        """Refuse.

        Raises:
            NoModel, ModelUnavailable: always.
        """
        raise self._refusal


def configured_model(settings: ModelSettings) -> Model:
    """The model of an installation."""
    if settings.model_url == SCRIPTED:
        return ScriptedModel()
    if not (settings.model_url and settings.model):
        return MissingModel(NoModel())
    try:
        # Loaded here only: the library takes most of a second and 30 MB, and no other process needs it.
        client = import_module(_CLIENT)
    except ModuleNotFoundError as error:
        problem = f"the package {error.name} is not installed: pip install 'scriptledger[models]'"
        return MissingModel(ModelUnavailable(problem=problem))
    server = client.Server(
        settings.model_url,
        settings.model,
        settings.model_key,
        settings.model_api_version,
        settings.model_answer_tokens,
    )
    waits = client.Waits(
        idle=float(settings.model_idle_seconds),
        total=float(settings.model_seconds),
        attempts=settings.model_attempts,
    )
    model: Model = client.OpenAiModel(server, waits)
    return model


def configured_terms(settings: ModelSettings) -> Terms:
    """The terms of an installation."""
    return Terms(
        TokenBudget(settings.model_context_tokens, settings.answer_tokens),
        Price(settings.model_price_in, settings.model_price_out, settings.model_currency),
        settings.model_seconds,
    )


DEFAULT_TERMS = configured_terms(ModelSettings())
