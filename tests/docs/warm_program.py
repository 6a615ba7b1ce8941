"""`scriptledger` for a shell, in processes that are forked from one that has imported everything.

A page has dozens of commands, and a Python that imports all modules takes a second for each. The program that the shell
starts imports nothing of ours: it hands over its arguments, environment and streams, and ends with the same status.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from threading import Thread

from tests.cli.warm import run_warm
from workers.embedded.directories import make_private

TIMEOUT_SECONDS = 120
PROGRAM = """#!{python} -IS
import json, os, socket, sys
request = [os.getpid(), os.getcwd(), dict(os.environ), sys.argv[1:]]
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    server.sendall(json.dumps(request).encode() + b"\\n")
    sys.exit(int(server.recv(16)))
"""


class _Handler(StreamRequestHandler):
    def handle(self) -> None:
        pid, folder, environ, args = json.loads(self.rfile.readline())
        streams = (Path(f"/proc/{pid}/fd/0"), Path(f"/proc/{pid}/fd/1"), Path(f"/proc/{pid}/fd/2"))
        status = run_warm(args, environ, Path(folder), streams, TIMEOUT_SECONDS)
        self.wfile.write(str(status).encode())


@contextmanager
def warm_program(program: Path) -> Iterator[None]:
    """Write the program, and serve it until the block ends."""
    folder = make_private()  # whose path is short enough for a socket
    address = str(folder / "warm.sock")
    program.write_text(PROGRAM.format(python=sys.executable, address=address))
    program.chmod(0o755)
    with ThreadingUnixStreamServer(address, _Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            shutil.rmtree(folder)
