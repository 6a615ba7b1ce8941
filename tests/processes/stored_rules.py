"""What must hold of a script as it is stored, whatever the records of producers: one generator of sentences a rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import reduce

from domain.errors import LedgerError
from domain.log.entry import LogEntry, chained
from domain.script.delta import advance, decode_delta
from domain.script.hashing import GENESIS, state_hash_bytes
from domain.script.keyframe import decode_keyframe
from domain.script.state import State, hash_from_scratch
from domain.submissions.submission import decode_command
from tests.processes.stored import Stored, StoredListing


def numbers_are_dense(stored: Stored) -> Iterator[str]:
    """Versions are 1, 2, 3, … up to the head, each with its command and the other way round."""
    last = stored.head.version if stored.head else 0
    expected = list(range(1, last + 1))
    for name, rows in (("command", stored.commands), ("version", stored.versions)):
        numbers = [row.version for row in rows]
        if numbers != expected:
            odd = sorted(set(numbers) ^ set(expected))
            yield f"the {name}s are not 1 to {last}: {odd} are missing or too many"


def chain_hashes_follow(stored: Stored) -> Iterator[str]:
    """Each command's chain hash follows from the one before and from every other column; the head names the last."""
    previous = GENESIS
    for entry in stored.commands:
        if chained(entry, previous).chain_hash != entry.chain_hash:
            yield f"the chain breaks at command {entry.version}"
        previous = entry.chain_hash
    if stored.head and stored.head.chain_hash != previous:
        yield "the head does not name the chain hash of the last command"


def commands_fold_to_their_versions(stored: Stored) -> Iterator[str]:
    """The log, folded from nothing, gives each version its stored state hash: nothing that was accepted is lost."""
    state = State.empty()
    versions = {row.version: row for row in stored.versions}
    for entry in stored.commands:
        try:
            state = advance(state, decode_command(entry.payload).apply(state))
        except LedgerError as error:
            yield f"command {entry.version} does not apply: {error}"
            return
        row = versions.get(entry.version)
        if row and (state_hash_bytes(state.hash), state.line_count) != (row.state_hash, row.line_count):
            yield f"version {entry.version} is not the state its commands lead to"
            return
    if hash_from_scratch(state) != state.hash:
        yield "the state hash kept along the way is not the one computed from scratch"
    if stored.head and stored.head.state_hash != state_hash_bytes(state.hash):
        yield "the head is not the state its commands lead to"


def deltas_lead_to_their_versions(stored: Stored) -> Iterator[str]:
    """Deltas, and every keyframe with the deltas behind it, give each version its stored state hash."""
    state = State.empty()
    for row in stored.versions:
        try:
            state = advance(state, decode_delta(row.delta))
            if keyframe := stored.keyframes.get(row.version):
                whole = decode_keyframe(keyframe.state, row.version, int.from_bytes(keyframe.state_hash, "big"))
                if whole != state or hash_from_scratch(whole) != whole.hash:
                    yield f"the keyframe of version {row.version} is not what the deltas before it lead to"
                state = whole
        except LedgerError as error:
            yield f"version {row.version} cannot be read: {error}"
            return
        if state_hash_bytes(state.hash) != row.state_hash:
            yield f"version {row.version} is not the state its deltas lead to"
            return
    if stored.head and max(stored.keyframes, default=0) != stored.head.keyframe_version:
        yield "the head does not name the last keyframe"


def no_update_is_lost(stored: Stored) -> Iterator[str]:
    """No command was accepted over a content that its author had not seen."""
    state = State.empty()
    touched: set[tuple[str, str]] = set()
    submission_id = None
    for entry in stored.commands:
        if entry.submission_id != submission_id:
            submission_id, start, touched = entry.submission_id, state, set()
        try:
            command = decode_command(entry.payload)
            for guard in command.guards():
                kind, name, expect = guard.kind, guard.id, guard.expect
                current = state.content_hash(kind, name)
                leans_on_earlier = (kind, name) in touched or start.content_hash(kind, name) is None
                if current is not None and expect != current and not (expect is None and leans_on_earlier):
                    yield f"command {entry.version} overwrote {kind} {name!r} without having seen it"
                touched.add((kind, name))
            state = advance(state, command.apply(state))
        except LedgerError:
            return  # which the fold says better


def effects_are_as_answered(stored: Stored) -> Iterator[str]:
    """A submission has the versions its answer names: once, together and in order; a refused one has none."""
    effects: defaultdict[str, list[LogEntry]] = defaultdict(list)
    for entry in stored.commands:
        effects[entry.submission_id].append(entry)
    for submission_id in effects.keys() - stored.answers.keys():
        yield f"{submission_id} has an effect but no answer"
    for row in stored.answers.values():
        first, last = row.first_version, row.last_version
        named = [] if first is None or last is None else list(range(first, last + 1))
        found = effects[row.submission_id]
        indexes = [entry.submission_index for entry in found]
        if [entry.version for entry in found] != named:
            yield f"{row.submission_id} has the effects {[entry.version for entry in found]}, not {named}"
        if sorted(set(indexes)) != indexes:
            yield f"the commands of {row.submission_id} were applied twice, or out of order"
        if bool(named) != (row.outcome in ("applied", "partly")):
            yield f"{row.submission_id} is answered {row.outcome!r} with the versions {named}"


def answers_say_what_their_columns_say(stored: Stored) -> Iterator[str]:
    """An answer is whole, and its columns say the same."""
    for row in stored.answers.values():
        try:
            whole = row.whole(stored.script_id)
        except ValueError as error:
            yield f"the answer to {row.submission_id} cannot be read: {error}"
            continue
        refused = whole.get("refusal")
        if bool(refused) != (row.outcome in ("refused", "partly")) or (refused or {}).get("code") != row.reason:
            yield f"the answer to {row.submission_id} is not what its columns say"


def script_is_in_service(stored: Stored) -> Iterator[str]:
    """The head is open, and the list of scripts shows what the last version says."""
    if stored.head is None:
        return
    if stored.head.health != "open":
        yield f"the script is {stored.head.health}"
    try:
        state = reduce(advance, (decode_delta(row.delta) for row in stored.versions), State.empty())
    except LedgerError:
        return  # which another rule says better
    shown = StoredListing(
        str(state.metadata.get("title")), str(state.metadata.get("status")), archived=state.archived
    )  # fmt: skip
    if stored.listed != shown:
        yield f"the list of scripts shows {stored.listed}, not {shown}"


STORED_RULES = (
    numbers_are_dense,
    chain_hashes_follow,
    commands_fold_to_their_versions,
    deltas_lead_to_their_versions,
    no_update_is_lost,
    effects_are_as_answered,
    answers_say_what_their_columns_say,
    script_is_in_service,
)
