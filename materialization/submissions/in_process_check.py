"""Check of submissions made in process, the same as for those from outside."""

from __future__ import annotations

from domain.refusals import LoneSurrogate
from domain.submissions.submission import Submission, decode_submission, encode_submission


def checked(submission: Submission) -> Submission:
    """A submission encoded and decoded as if it came from the inbox: in-process ones are not trusted more."""
    try:
        data = encode_submission(submission)
    except UnicodeEncodeError:
        raise LoneSurrogate(field="the submission") from None
    return decode_submission(data)
