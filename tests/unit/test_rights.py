"""Who else could change a file that postmedic believes? Whoever may write a folder on the way to it, links included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.rights import open_to_others


def _through_a_link(root: Path) -> Path:
    (root / "open/hop").symlink_to(root / "real/inventory.toml")
    (root / "etc/inventory.toml").symlink_to(root / "open/hop")
    return root / "etc/inventory.toml"


def _through_a_folder(root: Path) -> Path:
    (root / "open/hop").symlink_to("../real")
    (root / "etc/conf").symlink_to("../open/hop")
    return root / "etc/conf/inventory.toml"


def _above_a_step_back(root: Path) -> Path:
    (root / "open/sub").mkdir()
    (root / "etc/conf").symlink_to(root / "open/sub/../../real")
    return root / "etc/conf/inventory.toml"


WAYS = [_through_a_link, _through_a_folder, _above_a_step_back]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("bits", [0o777, 0o1777, 0o755])
def test_no_folder_on_the_way_may_be_open(tmp_path: Path, way: Callable[[Path], Path], bits: int) -> None:
    tmp_path.chmod(0o755)
    for name in ("real", "open", "etc"):
        (tmp_path / name).mkdir(mode=0o755)
    (tmp_path / "real/inventory.toml").touch(mode=0o600)
    path = way(tmp_path)
    (tmp_path / "open").chmod(bits)
    found = open_to_others(path)
    assert (str(tmp_path / "open") in found) is (bits == 0o777), found


def test_a_link_that_leads_nowhere_or_round_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "nowhere").symlink_to("gone")
    for name in ("round", "nowhere"):
        with pytest.raises(OSError, match=name):
            open_to_others(tmp_path / name)
