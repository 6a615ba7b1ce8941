"""The fork server: a program that imports everything once and then forks workers, producers and tickers.

Starting a Celery worker is two seconds of imports and a tenth of a second of work. `python -m tests.faults.fork_server`
does the first once, so hundreds of whole nodes can be killed in a test: what it forks runs Celery's own `worker` with
the command line of `workers.process.command_lines`, in a process group of its own. It takes orders from standard
input, one as JSON on
each line, and starts again whatever ends by a signal. At the end of standard input it ends all of them.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import time
from contextlib import suppress

import billiard.pool
import celery.app.log
import celery.apps.worker
import celery.bin.celery
import celery.concurrency.prefork
import celery.concurrency.solo
import celery.worker.autoscale
import celery.worker.components
import celery.worker.consumer
import cffi
import msgspec
from msgspec import Struct

import workers.tasks
from tests.faults import fault_injector
from tests.faults.producers import ProducerOrder, produce
from tests.faults.ticker import tick
from tests.processes.writers import die_with_parent
from workers import bootstrap
from workers.app import app

LOOK_AROUND = 0.02  # seconds
# What Celery imports when it is needed, and billiard in every pool process, is imported here so that no fork has to.
IMPORTED = (
    billiard.pool,
    celery.app.log,
    celery.apps.worker,
    celery.bin.celery,
    celery.concurrency.prefork,
    celery.concurrency.solo,
    celery.worker.autoscale,
    celery.worker.components,
    celery.worker.consumer,
    cffi,
    workers.tasks,
)


class NodeOrder(Struct, frozen=True, tag="node"):
    """A Celery worker for a queue, with so many pool processes; with `beat` it sends its own ticks."""

    queue: str
    pool: str
    concurrency: int
    beat: bool = False


class TickerOrder(Struct, frozen=True, tag="ticker"):
    """A reconciler that ticks by itself, more often than in production."""

    every: float
    ring_again_after: float


class Start(Struct, frozen=True, tag="start"):
    """Fork something under a name; `environ` is added to the environment."""

    name: str
    what: NodeOrder | TickerOrder | ProducerOrder
    environ: dict[str, str]
    log: str


class Stop(Struct, frozen=True, tag="stop"):
    """End what has this name, at once."""

    name: str


class ForkServer:
    """What was forked, by name."""

    def __init__(self) -> None:
        self._orders: dict[int, Start] = {}

    def run(self) -> None:
        """Carry out orders until there are no more."""
        rest = b""
        while True:
            self._collect()
            if not select.select([0], [], [], LOOK_AROUND)[0]:
                continue
            data = os.read(0, 1 << 16)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._carry_out(msgspec.json.decode(line, type=Start | Stop))
        for pid in self._orders:
            kill_group(pid)

    def _carry_out(self, order: Start | Stop) -> None:
        if isinstance(order, Start):
            self._fork(order)
            return
        for pid in [pid for pid, each in self._orders.items() if each.name == order.name]:
            del self._orders[pid]
            kill_group(pid)

    def _fork(self, order: Start) -> None:
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            become(order)
        with suppress(OSError):
            os.setpgid(pid, pid)
        self._orders[pid] = order
        say("started", order.name, pid)

    def _collect(self) -> None:
        """Start again what was killed; what ended by itself has done its work, or is broken."""
        while self._orders:
            with suppress(ChildProcessError):
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                order = self._orders.pop(pid, None)
                if order is None:
                    continue
                code = os.waitstatus_to_exitcode(status)
                say("ended", order.name, code)
                if code == -signal.SIGKILL:
                    self._fork(order)


def become(order: Start) -> None:
    """Turn into what was ordered; never returns."""
    die_with_parent()
    os.environ.update(order.environ)
    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 1
    try:
        fault_injector.install(type(order.what).__name__.removesuffix("Order").lower())
        if isinstance(order.what, NodeOrder):
            app.worker_main(worker_argv(order.name, order.what))
        elif isinstance(order.what, TickerOrder):
            tick(bootstrap.unit_of_work(), app, every=order.what.every, ring_again_after=order.what.ring_again_after)
        else:
            produce(order.what, bootstrap.settings())
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException as error:
        print(f"{order.name} ended with {error!r}", file=sys.stderr, flush=True)
        raise
    finally:
        sys.stderr.flush()
        os._exit(code)


def worker_argv(name: str, node: NodeOrder) -> list[str]:
    """What follows `workers.celery_program` in the command line of `workers.process.command_lines`."""
    return [
        "worker",
        f"--queues={node.queue}",
        f"--pool={node.pool}",
        f"--concurrency={node.concurrency}",
        f"--hostname={name}@%h",
        "--loglevel=WARNING",  # two lines a task would be most of the work
        "--without-gossip",
        "--without-mingle",
        *(["--beat"] if node.beat else []),
    ]


def kill_group(leader: int) -> None:
    """End a process and all it forked."""
    with suppress(OSError):
        os.killpg(leader, signal.SIGKILL)


def say(event: str, name: str, number: int) -> None:
    """Report, with the time."""
    print(msgspec.json.encode([event, name, number, time.time()]).decode(), flush=True)


if __name__ == "__main__":
    die_with_parent()
    gc.collect()
    gc.freeze()  # so that a fork's first collection does not copy everything
    say("ready", "fork server", os.getpid())
    ForkServer().run()
