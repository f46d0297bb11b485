"""Do the container examples hold what the program asks of the place it runs in? Their own commands, run with its own checks."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import yaml

from bot import inventory

BOT = Path(__file__).parents[2] / "deploy/bot"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEGY3xjGMmvs8onUxDiCzIWu54XRJN9ztKuFQ/hsqPHx"


def pod() -> dict[str, Any]:
    """The pod of the Kubernetes example."""
    found: dict[str, Any] = yaml.safe_load((BOT / "kubernetes.yaml").read_text(encoding="utf-8"))["spec"]["template"]["spec"]
    return found


def mounted(container: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Its volumes by the place they are at."""
    return {volume["mountPath"]: volume for volume in container["volumeMounts"]}


def test_the_files_are_private_although_a_new_volume_is_open_to_everybody(tmp_path: Path) -> None:
    (before,), (serving,) = pod()["initContainers"], pod()["containers"]
    given, files = tmp_path / "given", tmp_path / "files"
    given.mkdir()
    (given / "probe").write_text("key\n")
    (given / "inventory.toml").write_text(
        f'[[host]]\nname = "host01"\nhost_keys = ["{KEY}"]\nreader = {{ user = "postmedic-probe", key = "probe" }}\n'
    )
    (given / "probe").chmod(0o440)
    files.mkdir()
    files.chmod(0o2777)  # as kubelet makes an emptyDir
    shell = [word.replace("/given", str(given)).replace("/files", str(files)) for word in before["command"]]
    subprocess.run(shell, check=True)

    own = files / mounted(serving)["/etc/postmedic"]["subPath"]
    assert stat.S_IMODE(own.stat().st_mode) & 0o777 == 0o700
    assert {stat.S_IMODE(os.stat(own / name).st_mode) for name in os.listdir(own)} == {0o600}
    elsewhere = (tmp_path / "etc").resolve()
    own.rename(elsewhere)  # what is mounted has the folders of its new place above it
    assert set(inventory.load(elsewhere / "inventory.toml")) == {"host01"}


def test_where_the_root_is_read_only_signatures_can_be_verified() -> None:
    (serving,) = pod()["containers"]
    assert serving["securityContext"]["readOnlyRootFilesystem"] is True
    assert "/tmp" in mounted(serving)
    service = yaml.safe_load((BOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["postmedic"]
    assert (service["read_only"], service["tmpfs"]) == (True, ["/tmp"])
    assert "openssh-client" in (BOT / "Containerfile").read_text(encoding="utf-8")
