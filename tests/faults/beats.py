"""Beats that are killed: a program that forks Celery's own `beat`, and kills and replaces one for each line it reads.

Starting a beat is a second of imports and a moment of work; `python -m tests.faults.beats 3` does the first once. It
answers each line with the process it killed, so a hundred kills take seconds. At the end of standard input all end.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import traceback

import celery.apps.beat
import celery.beat
import celery.bin.celery

from tests.faults.schedule_log_app import app
from tests.processes.writers import die_with_parent
from workers.process.command_lines import beat_command

IMPORTED = (celery.apps.beat, celery.beat, celery.bin.celery)


def main(count: int, dice: random.Random) -> None:
    """Keep so many beats, and kill one for each line."""
    beats = [fork_beat() for _ in range(count)]
    print("ready", flush=True)
    for _ in sys.stdin:
        victim = beats.pop(dice.randrange(count))
        end(victim)
        beats.append(fork_beat())
        print(victim, flush=True)
    for beat in beats:
        end(beat)


def fork_beat() -> int:
    """A child that runs what follows `celery -A …` in the command line of a beat."""
    child = os.fork()
    if child == 0:
        die_with_parent()
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        code = 1
        try:
            app.start(beat_command()[beat_command().index("beat") :])
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def end(beat: int) -> None:
    """SIGKILL; that it was alive until then is part of the promise."""
    os.kill(beat, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(beat, 0)[1])
    assert status == -signal.SIGKILL, f"a beat had ended by itself, with {status}"


if __name__ == "__main__":
    die_with_parent()
    main(int(sys.argv[1]), random.Random(7))
