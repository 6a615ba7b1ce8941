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
    """The prompt has about {tokens} tokens, and {answer} are kept for the answer; the model takes {limit} together. Ask
    about one scene (--scene) or some lines (--lines), or set SCRIPTLEDGER_MODEL_CONTEXT_TOKENS to what the model
    takes."""


class NoSuchScene(Rejected):
    """Version {version} of the script has no scene {scene}."""


class NoSuchLines(Rejected):
    """Version {version} of the script ends with line {count}; lines {first} to {last} are not in it."""


class ModelRefused(Rejected):
    """The model refused: {words}"""


class ModelOutputCutOff(Rejected):
    """The model's answer was cut off at its limit {where}. Ask for less at a time: one scene (--scene) or some lines
    (--lines)."""


class LineNotShown(Rejected):
    """There is no line {line!r} among those shown, which are {first} to {last}."""


class WrongLineHash(Rejected):
    """Line {line} was shown with another hash than {expect!r}; name the line that you mean with the hash next to it."""


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
