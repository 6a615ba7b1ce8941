"""scriptledger.propose_edit: drafts a queued proposal with a model."""

from __future__ import annotations

from workers import bootstrap
from workers.app import app
from workers.model_settings import MAX_TOTAL_SECONDS
from workers.process.task_names import PROPOSE
from workers.proposals.draft_job import ProposalJob
from workers.proposals.language_models.factory import configured_model, configured_terms


# A model is slow, and is queried up to three times; the settings end the job long before these limits do.
@app.task(name=PROPOSE, soft_time_limit=MAX_TOTAL_SECONDS + 60, time_limit=MAX_TOTAL_SECONDS + 80)
def propose_edit(proposal_id: int) -> dict[str, bool]:
    """Draft the hunks of a proposal; return whether this task did, for Flower."""
    settings = bootstrap.settings()
    job = ProposalJob(bootstrap.unit_of_work(), configured_model(settings), configured_terms(settings))
    return {"drafted": job.run(proposal_id)}
