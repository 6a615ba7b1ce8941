"""Registry of fuzz targets, by name."""

from __future__ import annotations

from tests.fuzz import (
    fuzz_fdx,
    fuzz_fountain,
    fuzz_history_file,
    fuzz_inbox_row,
    fuzz_message,
    fuzz_model_answer,
    fuzz_submission,
)
from tests.fuzz.fuzz_target import Target

_ALL = (fuzz_submission, fuzz_message, fuzz_inbox_row, fuzz_fountain, fuzz_fdx, fuzz_history_file, fuzz_model_answer)

TARGETS: dict[str, Target] = {each.TARGET.name: each.TARGET for each in _ALL}
