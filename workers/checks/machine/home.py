"""Whether the home is private and can be written to."""

from __future__ import annotations

import os

from workers.checks.finding import Check, Finding, fault, fine, warning
from workers.settings import Settings


def _examine(settings: Settings) -> Finding:
    home = settings.home
    if not home.exists():
        return fine("There is no home yet; the first command that needs it makes it.")
    if not home.is_dir() or not os.access(home, os.W_OK | os.X_OK):
        return fault(f"Nothing can be written in the home {home}.", "Choose another folder in SCRIPTLEDGER_HOME.")
    if home.stat().st_uid != os.geteuid():
        return fault(f"The home {home} belongs to another user.", "Choose a folder of your own in SCRIPTLEDGER_HOME.")
    if home.stat().st_mode & 0o077:
        return warning(f"Other users of this machine may look into the home {home}.", f"Run `chmod 700 {home}`.")
    return fine("The home is private.")


CHECK = Check("home", _examine)
