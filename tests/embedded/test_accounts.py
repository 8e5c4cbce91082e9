"""Which folders another account can reach."""

from pathlib import Path

from deploy.embedded.accounts import Account, can_reach, reachable_folder


def test_an_account_reaches_what_the_modes_allow(tmp_path: Path) -> None:
    stranger = Account("stranger", 54321, 54321)
    open_folder, closed = tmp_path / "open", tmp_path / "closed"
    open_folder.mkdir(mode=0o755)
    closed.mkdir(mode=0o700)
    tmp_path.chmod(0o755)
    reachable = can_reach(stranger, tmp_path)  # whether pytest's own folder is
    assert can_reach(stranger, open_folder / "not yet") == reachable
    assert not can_reach(stranger, closed)
    assert reachable_folder(None, closed) == closed
