"""The proposal room of a migrated database, and a model server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from repos.unit_of_work import UnitOfWork
from tests.workers.proposals.model_server import ModelServer, model_server
from tests.workers.proposals.proposal_setup import ProposalRoom


@pytest.fixture
def room(migrated: Engine) -> ProposalRoom:
    return ProposalRoom(UnitOfWork(migrated))


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """A model server for one test."""
    with model_server() as running:
        yield running
