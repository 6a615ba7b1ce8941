"""Tests without a configured model: a proposal fails with a reason instead of waiting forever."""

from __future__ import annotations

import sys

import pytest
from sqlalchemy import Engine

from repos.unit_of_work import UnitOfWork
from tests.workers.proposals.proposal_setup import ProposalRoom
from workers.embedded.services import minimal_services
from workers.proposals.language_models.factory import configured_model
from workers.proposals.language_models.openai_client import OpenAiModel
from workers.proposals.language_models.scripted import ScriptedModel
from workers.settings import Settings


def test_the_settings_choose_the_model():
    assert isinstance(configured_model(Settings(model_url="scripted:")), ScriptedModel)
    model = configured_model(Settings(model_url="https://host/v1", model="writer-1", model_key="k"))
    assert isinstance(model, OpenAiModel)
    assert model.name == "writer-1"


@pytest.mark.parametrize("settings", [Settings(), Settings(model_url="https://host/v1")])
def test_without_one_the_proposal_fails(migrated: Engine, settings: Settings):
    room = ProposalRoom(UnitOfWork(migrated))
    number = room.ask()

    assert room.job(configured_model(settings)).run(number)

    assert (room.proposal(number).state, room.proposal(number).code) == ("failed", "no_model")


def test_without_the_library_the_proposal_says_what_to_install(migrated: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "workers.proposals.language_models.openai_client", raising=False)
    monkeypatch.setitem(sys.modules, "openai", None)
    room = ProposalRoom(UnitOfWork(migrated))
    number = room.ask()

    assert room.job(configured_model(Settings(model_url="https://host/v1", model="writer-1"))).run(number)

    assert room.proposal(number).code == "model_unavailable"
    assert "pip install 'scriptledger[models]'" in (room.proposal(number).message or "")


@pytest.mark.parametrize(
    ("url", "apart"), [("", False), ("scripted:", False), ("https://host/v1", True)], ids=["none", "scripted", "real"]
)
def test_a_slow_model_does_not_delay_the_ticks(url: str, *, apart: bool):
    services = {
        service.name: " ".join(service.command) for service in minimal_services(Settings(model_url=url, model="m"))
    }

    assert ("proposals" in services) is apart
    assert ("proposals" in services["reconcile"]) is not apart
