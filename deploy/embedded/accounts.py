"""The account that PostgreSQL runs as: it refuses to run as root, so root lends it another one."""

import hashlib
import os
import pwd
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.failures import StartFailed

ACCOUNTS = ("nobody", "daemon")


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group to run a process as."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """The account to switch to, or None where the present one will do (it is not root).

    `LINLI_ACCOUNT` names another one. Raises StartFailed where root finds no account to lend.
    """
    if os.geteuid() != 0:
        return None
    for name in filter(None, (os.environ.get("LINLI_ACCOUNT"), *ACCOUNTS)):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise StartFailed(
        "PostgreSQL cannot run",
        f"it refuses to run as root, and none of the accounts {', '.join(ACCOUNTS)} exists.",
        "Set LINLI_ACCOUNT to an ordinary user's name, or start as an ordinary user.",
    )


def can_reach(account: Account | None, path: Path) -> bool:
    """Whether the account may walk down to this path and read it (the modes say so; ACLs are not read)."""
    if account is None:
        return True
    present = path.resolve()
    while not present.exists():
        present = present.parent
    return _has(account, present, stat.S_IROTH | stat.S_IXOTH) and all(
        _has(account, parent, stat.S_IXOTH) for parent in present.parents
    )


def _has(account: Account, path: Path, wanted: int) -> bool:
    """Whether the mode bits of this one path grant `wanted` (given as the bits of "others")."""
    status = path.stat()
    if not stat.S_ISDIR(status.st_mode):
        wanted = stat.S_IROTH
    if status.st_uid == account.uid:
        wanted <<= 6
    elif status.st_gid == account.gid:
        wanted <<= 3
    return status.st_mode & wanted == wanted


def reachable_folder(account: Account | None, wanted: Path) -> Path:
    """`wanted`, or its stand-in where the account cannot reach it (a checkout below /root, say).

    The stand-in's name derives from the wanted path, so that the same checkout finds its data again.
    """
    if account is None or can_reach(account, wanted):
        return wanted
    digest = hashlib.sha256(str(wanted.resolve()).encode()).hexdigest()[:12]
    for place in (Path("/var/lib"), Path("/var/tmp"), Path(tempfile.gettempdir())):  # noqa: S108
        if place.is_dir() and os.access(place, os.W_OK) and can_reach(account, place):
            ours = place / "linli"
            ours.mkdir(exist_ok=True)
            ours.chmod(0o755)  # whatever the umask
            return ours / digest
    raise StartFailed(
        "PostgreSQL's data has no place",
        f"the account {account.name} cannot reach {wanted}, nor /var/lib, /var/tmp or the temporary folder.",
        "Move the checkout to a folder that other users may enter, or start as an ordinary user.",
    )
