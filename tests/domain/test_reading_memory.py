"""Finding out what is wrong with 16 MiB that are no submission takes a few times that memory, whatever they are."""

from __future__ import annotations

import subprocess
import sys

import pytest

MAX_MIB = 200
READ = """
import resource, sys
from domain.errors import Rejected
from domain.submissions.submission import MAX_SUBMISSION_BYTES, decode_submission

def used():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

piece = bytes.fromhex(sys.argv[1])
data = piece * (MAX_SUBMISSION_BYTES // len(piece))
before = used()
try:
    decode_submission(data)
except Rejected as refusal:
    print(refusal.code, used() - before)
"""


@pytest.mark.parametrize("piece", [b'"', b'""', b"\\", b'\\"', b'"\\', b"[", b'"[', b'"":', b"\\ud800", b"\xff"])
def test_what_cannot_be_read_takes_little_memory(piece: bytes) -> None:
    """Eight million strings were eight million pieces, and as many backslashes as many places to come back to."""
    command = [sys.executable, "-c", READ, piece.hex()]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split()

    assert len(found) == 2, found
    assert int(found[1]) < MAX_MIB
