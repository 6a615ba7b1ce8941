"""Refusals of AI edits, of proposals and of their hunks."""

from __future__ import annotations

from domain.errors import Rejected


class AiDeletesTooMuch(Rejected):
    """Without consent an AI may remove {percent} % of the lines {within}; this would make it {lost} of {lines}."""


class AiLocksDraft(Rejected):
    """Without consent an AI may not lock the draft {name!r}."""


class AiRemovesTooMuch(Rejected):
    """Without consent an AI may remove {percent} % of the story elements and personas, and as many metadata fields and
    named drafts, {within}; this would make it {lost} of {lines}."""


class NoModel(Rejected):
    """No model is configured: set SCRIPTLEDGER_MODEL_URL and SCRIPTLEDGER_MODEL."""


class ModelUnavailable(Rejected):
    """The model did not answer: {problem}."""


class ScriptTooLongForModel(Rejected):
    """The script has {size} bytes with its ids, more than the {limit} that can be sent to a model."""


class ModelOutputTooLong(Rejected):
    """The model's answer has more than the {limit} bytes allowed."""


class ModelOutputNotJson(Rejected):
    """The model's answer is not JSON: {problem}."""


class ModelOutputInvalid(Rejected):
    """The model's answer does not have the required shape, at {field}: {problem}."""


class NothingProposed(Rejected):
    """The model proposed no edit."""


class JobGaveUp(Rejected):
    """The job crashed its worker {attempts} times and is not retried."""


class UnknownProposal(Rejected):
    """There is no proposal {proposal}."""


class ProposalNotReady(Rejected):
    """Proposal {proposal} is {state}; there is nothing to decide."""


class UnknownHunk(Rejected):
    """Proposal {proposal} has no hunk {hunk}; it has {count}."""


class HunkDecided(Rejected):
    """Hunk {hunk} of proposal {proposal} is {state} already."""
