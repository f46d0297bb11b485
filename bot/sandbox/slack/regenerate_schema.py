"""Rebuild blockkit.schema.json from the types Slack publishes (needs npm; nothing needs this file at run time).

Run `python -m bot.sandbox.slack.regenerate_schema` after raising TYPES_VERSION, then the contract tests.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

TYPES_VERSION = "3.2.0"
GENERATOR_VERSION = "2.4.0"
TARGET = Path(__file__).with_name("blockkit.schema.json")
ENTRY = """import type { KnownBlock, HomeView, ModalView, MessageAttachment } from "@slack/types";
export interface Roots { block: KnownBlock; home: HomeView; modal: ModalView; attachment: MessageAttachment }
"""
COMPILER = {
    "compilerOptions": {"strict": True, "moduleResolution": "node", "target": "es2020", "skipLibCheck": True},
    "files": ["entry.ts"],
}


def generate(folder: Path) -> tuple[dict[str, Any], str]:
    """Return the raw schema and the licence text of the package it was made from."""
    (folder / "entry.ts").write_text(ENTRY)
    (folder / "tsconfig.json").write_text(json.dumps(COMPILER))
    (folder / "package.json").write_text("{}")
    packages = [f"@slack/types@{TYPES_VERSION}", f"ts-json-schema-generator@{GENERATOR_VERSION}"]
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", *packages], cwd=folder, check=True)
    paths = ["--path", "entry.ts", "--tsconfig", "tsconfig.json", "--out", "schema.json"]
    command = ["npx", "ts-json-schema-generator", "--type", "Roots", "--no-type-check", *paths]
    subprocess.run(command, cwd=folder, check=True)
    licence = (folder / "node_modules/@slack/types/LICENSE").read_text()
    return json.loads((folder / "schema.json").read_text()), licence


def without_prose(node: Any) -> Any:
    """Drop every description: the shapes are wanted, not the manual."""
    if isinstance(node, dict):
        return {
            key: without_prose(value) for key, value in node.items() if not (key == "description" and isinstance(value, str))
        }
    return [without_prose(item) for item in node] if isinstance(node, list) else node


def as_slack_accepts(schema: dict[str, Any]) -> dict[str, Any]:
    """Loosen the places where the published types are stricter than the service (slack_sdk's own models send these)."""
    shapes = schema["definitions"]
    shapes["AnyBlock"] = {"$ref": "#/definitions/KnownBlock"}  # the types let apps add their own; the service does not
    shapes["RichTextList"]["properties"]["offset"] = {"type": "number"}
    shapes["RichTextDate"]["properties"]["timestamp"] = {"type": ["number", "string"]}
    columns = shapes["TableBlock"]["properties"]["column_settings"]
    columns["items"] = {"anyOf": [columns["items"], {"type": "null"}]}
    return schema


def main() -> None:
    """Write the schema beside this file."""
    with tempfile.TemporaryDirectory() as name:
        raw, licence = generate(Path(name))
    schema = as_slack_accepts(without_prose(raw))
    comment = f"Made from @slack/types {TYPES_VERSION} by regenerate_schema.py. {' '.join(licence.split())}"
    ordered = {"$comment": comment, "definitions": schema["definitions"]}
    TARGET.write_text(json.dumps(ordered, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
