"""The model that the settings name."""

from __future__ import annotations

from collections.abc import Sequence

from domain.proposals.refusals import NoModel
from workers.proposals.language_models.interface import Completion, Message, Model
from workers.proposals.language_models.openai_client import OpenAiModel
from workers.proposals.language_models.scripted import ScriptedModel
from workers.settings import SCRIPTED, Settings


class MissingModel:
    """What is asked where the settings name no model: each proposal then says so, and none waits for ever."""

    name = "none"

    def complete(self, messages: Sequence[Message]) -> Completion:  # noqa: ARG002 - it listens to nobody
        """No answer.

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
