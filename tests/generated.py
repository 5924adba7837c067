"""What is generated into the repository: the graph in README, the settings' example, the schemas of the files that people
write.
`--check` says what is stale."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from graph.draw import mermaid
from tools.outgoing.schemas import schema_text as webhooks_schema_text
from tools.provider_file import schema_text as provider_schema_text
from tools.routing_file.schema import schema_text
from tools.sequence_file import schema_text as sequence_schema_text
from tools.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
START, END = "<!-- graph: drawn by app.py draw -->", "<!-- /graph -->"


def readme() -> str:
    text = (ROOT / "README.md").read_text()
    drawn = f"{START}\n```mermaid\n{mermaid()}```\n{END}"
    return re.sub(re.escape(START) + r".*?" + re.escape(END), lambda _: drawn, text, flags=re.DOTALL)


def env_example() -> str:
    lines = ["# Every setting with its default. Copy to .env and change what you need; an empty value is unset.", ""]
    for name, info in Settings.model_fields.items():
        if info.description:
            lines.append(f"# {info.description}")
        default = info.get_default(call_default_factory=True)
        shown = "" if default is None else ("{}" if default == {} else str(default))
        lines.append(f"#{name.upper()}={shown}")
    return "\n".join(lines) + "\n"


FILES = {
    "README.md": readme,
    "infra/env.example": env_example,
    "infra/routing.schema.json": schema_text,
    "infra/providers.schema.json": provider_schema_text,
    "infra/webhooks.schema.json": webhooks_schema_text,
    "infra/sequences.schema.json": sequence_schema_text,
}


def main(arguments: list[str]) -> int:
    stale = [name for name, make in FILES.items() if not (ROOT / name).exists() or (ROOT / name).read_text() != make()]
    if "--check" in arguments:
        for name in stale:
            print(f"{name} is stale: run .venv/bin/python -m tests.generated")
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).write_text(FILES[name]())
        print("wrote", name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
