"""Writes the schemas of all messages, and their table in the page about them.

    .venv/bin/python -m twinev.wire.message_docs docs/messages

With ``--check`` it writes nothing and says what differs.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from twinev.wire.message_schemas import Schema, example_of, message_names, schema_of, subject_of

BEGIN, END = "<!-- messages: begin -->", "<!-- messages: end -->"


def files_of(page: str) -> dict[str, str]:
    """What every file of the folder should hold, given what the page says now."""
    files = {
        f"{name}.json": json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n" for name in message_names()
    }
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return files | {"README.md": f"{before}{BEGIN}\n{''.join(_sections())}{END}{after}"}


def _sections() -> Iterator[str]:
    for name in message_names():
        schema = schema_of(name)
        about = _one_line(schema["description"])
        yield f"\n### `{subject_of(name)}`\n\n{about} Schema: [{name}.json]({name}.json).\n\n"
        yield "| key | type | meaning |\n|---|---|---|\n"
        for key, part, required in _keys(schema):
            optional = "" if required else " (may be left out)"
            yield f"| `{key}`{optional} | {_type(part)} | {part.get('description', '')} |\n"
        yield f"\n```json\n{json.dumps(example_of(name), ensure_ascii=False)}\n```\n"


def _keys(schema: Schema) -> Iterator[tuple[str, Schema, bool]]:
    """The keys of a message; of an event those of its data, for the envelope is always the same."""
    data = schema["properties"].get("data")
    told = schema["$defs"][data["$ref"].rpartition("/")[2]] if data else schema
    for key, part in told["properties"].items():
        yield (f"data.{key}" if data else key), part, key in told.get("required", ())


def _type(part: Schema) -> str:
    if "const" in part:
        return f'`"{part["const"]}"`'
    if "anyOf" in part:
        return " or ".join(_type(choice) for choice in part["anyOf"])
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    kind = part.get("type", "object")
    if kind == "array":
        return f"list of {_type(part['items'])}" if "items" in part else "list"
    return "date and time" if part.get("format") == "date-time" else kind


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("``", "`")).strip()


def main() -> None:
    """Write, or compare."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--check", action="store_true")
    options = asked.parse_args()
    page = options.folder / "README.md"
    wanted = files_of(page.read_text(encoding="utf-8"))
    there = {path.name: path.read_text(encoding="utf-8") for path in options.folder.iterdir()}
    differing = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
    if options.check:
        for name in differing:
            sys.stdout.write(f"{options.folder / name} is not what the models say; write it anew\n")
        sys.exit(bool(differing))
    for name in differing:
        if name in wanted:
            (options.folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (options.folder / name).unlink()


if __name__ == "__main__":
    main()
