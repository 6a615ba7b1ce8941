"""The model that the settings name."""

from __future__ import annotations

from domain.proposal_refusals import NoModel
from workers.models.model import Model
from workers.models.open_ai import OpenAiModel
from workers.models.scripted import ScriptedModel
from workers.settings import SCRIPTED, Settings


def configured_model(settings: Settings) -> Model:
    """The model of an installation.

    Raises:
        NoModel: the settings name none.
    """
    require_model(settings)
    if settings.model_url == SCRIPTED:
        return ScriptedModel()
    return OpenAiModel(settings.model_url, settings.model, settings.model_key)


def require_model(settings: Settings) -> None:
    """Refuse where the settings name no model.

    Raises:
        NoModel: so.
    """
    if not settings.model_url or (settings.model_url != SCRIPTED and not settings.model):
        raise NoModel
