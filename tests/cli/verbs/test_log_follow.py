"""`log --follow` prints new versions as they are committed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from materialization.write_path.submit import Ledger
from tests.cli.running import COMMAND, ROOT
from tests.materialization.write_path.script_editor import A, B, ScriptEditor, edit
from tests.materialization.writer import close_databases, open_database

pytestmark = pytest.mark.slow


def test_the_log_is_followed_until_ctrl_c(tmp_path: Path):
    unit_of_work = open_database(f"sqlite:///{tmp_path}/ledger.db")
    editor = ScriptEditor(unit_of_work, Ledger(unit_of_work)).begin(A, B)
    editor.send(edit(A, "Before."))
    environ = {**os.environ, "SCRIPTLEDGER_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}

    with subprocess.Popen(
        [*COMMAND, "log", str(editor.script_id), "--follow", "--after", "1", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        text=True,
    ) as following:
        assert following.stdout
        assert following.stderr
        assert json.loads(following.stdout.readline())["version"] == 2
        editor.send(edit(B, "Meanwhile."))
        editor.send(edit(editor.state().line("a"), "And again."))
        printed = [json.loads(following.stdout.readline()) for _ in range(2)]
        following.send_signal(signal.SIGINT)
        assert (following.wait(20), following.stderr.read()) == (0, "")

    assert [(version["version"], version["kind"]) for version in printed] == [(3, "line.edit"), (4, "line.edit")]
    close_databases()
