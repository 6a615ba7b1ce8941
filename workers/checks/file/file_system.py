"""Whether an SQLite file is on a file system whose locks and shared memory work: on a network, they do not."""

from __future__ import annotations

from pathlib import Path

from workers.checks.finding import Check, Finding, fault, fine, warning

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "ceph", "lustre", "gpfs", "ocfs2", "gfs2"}
)
_NETWORK |= {"glusterfs", "beegfs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse"}
# Of virtual machines and containers, onto the disk of their host.
_SHARED = frozenset({"9p", "virtiofs", "vboxsf", "prl_fs", "fuse.vmhgfs-fuse", "fuse.grpcfuse", "drvfs"})
_CHANGE = "Move the file to a local disk, or use a database server in SCRIPTLEDGER_DATABASE_URL."


def _examine(file: Path) -> Finding:
    try:
        kind = file_system_of(file.resolve(), _MOUNTS.read_text(errors="replace"))
    except OSError:
        return fine("The file system of the database file is not known on this system.")
    if kind in _NETWORK:
        return fault(f"The database file is on a network file system ({kind}): its locks may fail silently.", _CHANGE)
    if kind in _SHARED:
        return warning(f"The database file is on a shared folder ({kind}), whose locks may not work.", _CHANGE)
    return fine(f"The database file is on a local file system ({kind or 'unknown'}).")


def file_system_of(path: Path, mounts: str) -> str:
    """The kind of the file system that holds an absolute path, by the text of /proc/self/mountinfo."""
    found, depth = "", 0
    for line in mounts.splitlines():
        place, _, rest = line.partition(" - ")
        words = place.split(" ")
        mount = Path(_plain(words[4])) if len(words) > 4 else None
        # Of several at one place, the last hides the others.
        if mount is not None and path.is_relative_to(mount) and len(mount.parts) >= depth:
            found, depth = rest.partition(" ")[0], len(mount.parts)
    return found


def _plain(name: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        name = name.replace(code, character)
    return name


CHECK = Check("file_system", _examine, at_start=True)
