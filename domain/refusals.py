"""Every reason to refuse an edit. The class name in snake case is the stable code; the docstring is the sentence."""

from __future__ import annotations

from domain.errors import Rejected

# The input is not a valid submission.


class Undecodable(Rejected):
    """The submission is not valid JSON of the documented shape: {problem}."""


class UnknownField(Rejected):
    """The submission has a field that does not exist, at {field}: {problem}."""


class MissingField(Rejected):
    """The submission lacks a field, at {field}: {problem}."""


class WrongType(Rejected):
    """{field} has the wrong type or value: {problem}."""


class UnknownKind(Rejected):
    """{field} names no known kind of command: {problem}."""


class SubmissionTooLarge(Rejected):
    """The submission has {size} bytes, more than the {limit} allowed; send it in parts."""


class TooManyValues(Rejected):
    """The submission has {count} values in objects and arrays, more than the {limit} allowed; send it in parts."""


class TooManyCommands(Rejected):
    """The submission has {count} commands, more than the {limit} allowed; send it in parts."""


class NoCommands(Rejected):
    """The submission has no commands."""


class BadId(Rejected):
    """{field} is {value!r}, which is not an id: 1 to 64 letters, digits, '_', '-', '.' or ':'."""


class DuplicateId(Rejected):
    """{field} names {id!r} twice."""


class TextTooLong(Rejected):
    """{field} has {size} bytes, more than the {limit} allowed."""


class ControlCharacter(Rejected):
    """{field} holds the control character U+{codepoint:04X} at position {position}; only tab may stand in text."""


class LineEndInText(Rejected):
    """{field} holds a line end at position {position}; send one line for each, with its line end in `sep`."""


class LoneSurrogate(Rejected):
    """{field} holds half of a surrogate pair, which is not a character."""


class BadSeparator(Rejected):
    """{field} may hold nothing but line ends, at most {limit} of them."""


class BadMetadata(Rejected):
    """Metadata field {name!r}: {problem}."""


class BadPayload(Rejected):
    """{field}: {problem}."""


class AuthorIncomplete(Rejected):
    """A submission by {author!r} must name {missing} in its cause."""


class NotForAi(Rejected):
    """An AI may not send {kind!r}; a person must."""


# The script does not take this edit.


class UnknownScript(Rejected):
    """There is no script {script}; its first command must be script.create."""


class ScriptExists(Rejected):
    """The script exists already; only its first command is script.create."""


class ScriptArchived(Rejected):
    """The script is archived; send script.unarchive first."""


class ScriptQuarantined(Rejected):
    """Script {script} is quarantined because its stored data contradicts itself; it takes no edits until repaired."""


class BackfillOutOfOrder(Rejected):
    """The time {occurred_at} of a backfilled command is not between {earliest}, the time of the last version, and now,
    {latest}; times of a script never go back."""


class ScriptBeingBackfilled(Rejected):
    """Script {script} is being backfilled and takes no other edits until that ends; send this again later, with a new
    id."""


class ScriptNotBeingBackfilled(Rejected):
    """Script {script} is not being backfilled, so a backfill may not write to it; begin its backfill first."""


class ScriptTooLarge(Rejected):
    """The script would have {size} {what}, more than the {limit} it may have; remove some, or go on in a new script."""


class TooMuchWork(Rejected):
    """This takes {work} units of work, more than the {limit} of one submission; send it in parts, with fewer commands
    on very long lines or on the whole script."""


class UnknownOwner(Rejected):
    """There is no user {owner} to own the script."""


class Misaddressed(Rejected):
    """The submission names script {script} and id {submission!r}, but was delivered under another script or id."""


class BaseInFuture(Rejected):
    """The base version {base} is ahead of the script, which is at version {head}."""


class StaleBase(Rejected):
    """A {kind} needs base version {head}, the head of the script, not {base}; read the script again."""


class ShrinkRefused(Rejected):
    """This would drop {dropped} of {lines} lines of text; set confirm_shrink if that is intended."""


# A guard does not hold: the edit was made for content that has changed.


class StaleLine(Rejected):
    """Line {line!r} is not what this edit was made for: it was changed in version {version}."""


class StaleElement(Rejected):
    """The {kind} {id!r} is not what this edit was made for; read it again."""


class StaleMetadata(Rejected):
    """Metadata field {name!r} is {current!r} now, not what this edit was made for."""


class GuardMissing(Rejected):
    """The {kind} {id!r} is touched without `expect`, the hash of the content this edit was made for."""


class UnknownLine(Rejected):
    """There is no line {line!r} in this script, and never was."""


class LineRemoved(Rejected):
    """Line {line!r} was removed in version {version}."""


class NeighboursGone(Rejected):
    """Neither neighbour, {after!r} or {before!r}, is left in the script."""


class NotNeighbours(Rejected):
    """Line {next!r} does not follow line {line!r} any more."""


class MoveIntoItself(Rejected):
    """Line {line!r} cannot be both moved and the place to move to."""


class OutOfRange(Rejected):
    """Line {line!r} has {length} characters; position {at} with {delete} to delete lies outside."""


class IdReused(Rejected):
    """The id {id!r} is or was in use in this script; ids are never used again."""


class UnknownElement(Rejected):
    """There is no {kind} {id!r} in this script."""


class UnknownVersion(Rejected):
    """The script has no version {version}; its head is {head}."""


class LabelTaken(Rejected):
    """The label {name!r} already names version {version}."""


class LabelLocked(Rejected):
    """The draft {name!r} is locked on version {version}; unlock it first."""


class UnknownLabel(Rejected):
    """There is no label {name!r} on this script."""


# The submission conflicts with another submission.


class SameIdOtherContent(Rejected):
    """Submission {submission!r} was already answered with other content; use a new id."""


class PredecessorRefused(Rejected):
    """Submission {after!r}, which this one follows, was refused with {reason!r}."""


class PredecessorUnknown(Rejected):
    """Submission {after!r}, which this one follows, has not been answered."""


class NothingToUndo(Rejected):
    """Version {version} has no inverse: a script cannot be un-created."""


class UnknownUndo(Rejected):
    """Script {script} has no {what} that made a version."""


class Cancelled(Rejected):
    """The submission was cancelled by {by} before it was applied: {reason}."""


class Poison(Rejected):
    """This submission crashed its worker {attempts} times and is rejected."""
