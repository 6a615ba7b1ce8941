"""Check of submissions made in process, the same as for those from outside."""

from __future__ import annotations

from domain.refusals import LoneSurrogate
from domain.submissions.submission import Submission, decode_submission, encode_submission


def checked(submission: Submission) -> tuple[Submission, bytes]:
    """A submission as if it came from the inbox, and its canonical bytes: in-process ones are not trusted more.

    It is encoded again after decoding: a default given explicitly is written the first time, and omitted the second.
    """
    try:
        data = encode_submission(submission)
    except UnicodeEncodeError:
        raise LoneSurrogate(field="the submission") from None
    submission = decode_submission(data)
    del data  # it may have 16 MiB
    return submission, encode_submission(submission)
