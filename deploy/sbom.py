"""What is postmedic made of? Writes a CycloneDX 1.6 bill of materials from the lock file, which is what is installed: make sbom

It reads the lock and the project's own name and version, asks nobody, and needs nothing but the standard library. Each
component carries the digests of every file that the lock accepts for it: what was installed can be found by its digest.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
import uuid
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
REQUIREMENT = re.compile(
    r"^([A-Za-z0-9._-]+)(?:\[[a-z0-9,_-]+\])?==([^\s;\\]+)(.*?)(?=^[A-Za-z0-9]|\Z)", re.MULTILINE | re.DOTALL
)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def components(lock: str) -> list[dict[str, Any]]:
    """Every requirement of a lock file as a component."""
    found = []
    for name, version, rest in REQUIREMENT.findall(lock):
        normal = re.sub(r"[-_.]+", "-", name).lower()
        url = f"pkg:pypi/{normal}@{version}"
        digests = [{"alg": "SHA-256", "content": one} for one in sorted(HASH.findall(rest))]
        found.append({"type": "library", "bom-ref": url, "name": normal, "version": version, "purl": url, "hashes": digests})
    return found


def bill(lock: str, project: dict[str, Any]) -> dict[str, Any]:
    """The bill of materials; the same lock gives the same bill, so that two builds can be compared."""
    name, version = project["name"], project["version"]
    serial = uuid.UUID(bytes=sha256(f"{name} {version}\n{lock}".encode()).digest()[:16], version=4)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": name, "name": name, "version": version},
            "tools": {"components": [{"type": "application", "name": "deploy/sbom.py"}]},
        },
        "components": components(lock),
        "dependencies": [{"ref": name, "dependsOn": [one["bom-ref"] for one in components(lock)]}],
    }


def main(lock: Path = ROOT / "requirements.lock") -> None:
    """Print the bill of materials of one lock file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    print(json.dumps(bill(lock.read_text(encoding="utf-8"), project), indent=2))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
