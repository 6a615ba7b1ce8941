"""The factory of the language model in the settings."""

from __future__ import annotations

from collections.abc import Sequence

from domain.proposals.refusals import NoModel
from workers.proposals.language_models.interface import Completion, Message, Model
from workers.proposals.language_models.openai_client import OpenAiModel
from workers.proposals.language_models.scripted import ScriptedModel
from workers.settings import SCRIPTED, Settings


class MissingModel:
    """The model without configuration: it refuses each proposal with a reason, so that none waits forever."""

    name = "none"

    def complete(self, messages: Sequence[Message]) -> Completion:  # noqa: ARG002 - the interface requires it
        """Refuse.

        Raises:
            NoModel: always.
        """
        raise NoModel


def configured_model(settings: Settings) -> Model:
    """The model of an installation."""
    if settings.model_url == SCRIPTED:
        return ScriptedModel()
    if settings.model_url and settings.model:
        return OpenAiModel(settings.model_url, settings.model, settings.model_key)
    return MissingModel()
