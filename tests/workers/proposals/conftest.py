"""The proposal room of a migrated database."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from repos.unit_of_work import UnitOfWork
from tests.workers.proposals.proposal_setup import ProposalRoom


@pytest.fixture
def room(migrated: Engine) -> ProposalRoom:
    return ProposalRoom(UnitOfWork(migrated))
