"""What is made in process, checked like what comes from outside."""

from __future__ import annotations

from domain.refusals import LoneSurrogate
from domain.submissions.submission import Submission, decode_submission, encode_submission


def checked(submission: Submission) -> Submission:
    """A submission as it would have come out of the inbox: nothing made in process is trusted more."""
    try:
        data = encode_submission(submission)
    except UnicodeEncodeError:
        raise LoneSurrogate(field="the submission") from None
    return decode_submission(data)
