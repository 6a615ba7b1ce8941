"""scriptledger.propose_edit: drafts a queued proposal with a model."""

from __future__ import annotations

from workers import bootstrap
from workers.app import app
from workers.process.task_names import PROPOSE
from workers.proposals.draft_job import ProposalJob
from workers.proposals.language_models.factory import configured_model


# A model is slow, and is queried up to three times; the claim on the proposal lasts longer than this limit.
@app.task(name=PROPOSE, soft_time_limit=480, time_limit=500)
def propose_edit(proposal_id: int) -> dict[str, bool]:
    """Draft the hunks of a proposal; return whether this task did, for Flower."""
    job = ProposalJob(bootstrap.unit_of_work(), configured_model(bootstrap.settings()))
    return {"drafted": job.run(proposal_id)}
