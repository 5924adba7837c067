"""The texts that language models are given, read from the .md files beside this module by a strict loader.

A prompt file is a header, the instructions, and what the model is asked about:

    ---
    variables: lead            the names that the text may use, separated by spaces; may be empty
    ---
    # system
    instructions
    # user
    {{lead}}

A variable's place takes a JSON value and nothing else: `Prompt.messages` encodes what it is given and escapes what
could close a fence around it. So a stranger's text arrives as a string in a JSON value, never as words of the prompt.
Nothing here calls a model or knows a vendor; it imports the standard library only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

Role: TypeAlias = Literal["system", "user"]

FOLDER = Path(__file__).parent

_FILE = re.compile(
    r"---\nvariables:(?P<variables>[^\n]*)\n---\n+# system\n(?P<system>.*?)\n# user\n(?P<user>.*)\Z", re.DOTALL
)
_VARIABLE = re.compile(r"\{\{(\w+)\}\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
# What could end a fence (tag or code block) or hide in it: angle brackets, backticks, line and paragraph separators,
# half characters (not encodable as UTF-8), marks that reverse the reading order, and invisible "tag" letters.
_UNSAFE = re.compile("[<>`\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")


class PromptError(ValueError):
    """A prompt file, or the values for it, are not what the header declares; says the file, the fault and the fix."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt file. `text` is the whole file, `digest` its SHA-256 in hexadecimal."""

    name: str
    text: str
    digest: str
    variables: frozenset[str]
    system: str
    user: str

    def messages(self, values: Mapping[str, Any]) -> tuple[tuple[Role, str], tuple[Role, str]]:
        """The system and the user message, each variable replaced by its value as JSON.

        values: JSON-able (str, int, float, bool, None, lists, dicts with text keys), one for each declared variable.
        Raises PromptError for a missing or an undeclared variable and for a value that is not JSON-able.
        """
        _require_same(self.name, "declared", self.variables, "given", frozenset(values))
        try:
            written = {name: as_json(value) for name, value in values.items()}
        except (TypeError, ValueError) as error:
            raise PromptError(f"prompts/{self.name}.md: a value cannot be written as JSON ({error})") from error

        def fill(text: str) -> str:
            # One pass: what looks like a variable inside a value stays text.
            return _VARIABLE.sub(lambda match: written[match[1]], text)

        return ("system", fill(self.system)), ("user", fill(self.user))


def as_json(value: Any) -> str:
    """`value` as one JSON text that is safe inside a fence: keys sorted, other scripts left readable, no NaN."""
    return _UNSAFE.sub(_escaped, json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False, indent=1))


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[start : start + 2].hex()}" for start in range(0, len(units), 2))


def parse(name: str, text: str) -> Prompt:
    """The prompt that a file's text holds. Raises PromptError: no such form, or variables declared and used differ."""
    found = _FILE.fullmatch(text.replace("\r\n", "\n"))
    if found is None:
        raise PromptError(
            f"prompts/{name}.md: not in the form of a prompt; begin with '---', 'variables: NAMES', '---', "
            "then '# system' and '# user', each on a line of its own"
        )
    declared = found["variables"].split()
    system, user = found["system"].strip(), found["user"].strip()
    if len(set(declared)) != len(declared):
        raise PromptError(f"prompts/{name}.md: a variable is declared twice in 'variables: {' '.join(declared)}'")
    _require_same(name, "declared", frozenset(declared), "used", frozenset(_VARIABLE.findall(f"{system}\n{user}")))
    if "{{" in (rest := _VARIABLE.sub("", f"{system}\n{user}")) or "}}" in rest:
        raise PromptError(f"prompts/{name}.md: braces that are no variable; write a variable as {{{{name}}}}")
    if not system or not user:
        raise PromptError(f"prompts/{name}.md: '# system' and '# user' both need text")
    return Prompt(name, text, _digest(text.encode()), frozenset(declared), system, user)


@lru_cache(maxsize=64)
def load(name: str) -> Prompt:
    """The prompt in prompts/{name}.md. Raises PromptError for an unknown name or a file that is not in the form."""
    path = FOLDER / f"{name}.md"
    if not _NAME.fullmatch(name) or not path.is_file():
        known = ", ".join(sorted(found.stem for found in FOLDER.glob("*.md")))
        raise PromptError(f"there is no prompt {name!r}; there are: {known}")
    return parse(name, path.read_text(encoding="utf-8"))


def digest_of(folder: Path) -> str:
    """SHA-256 over the names and contents of all prompt files in `folder` and below it, in order of their names."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.md"), key=lambda path: path.relative_to(folder).as_posix()):
        whole.update(f"{path.relative_to(folder).as_posix()}\0{_digest(path.read_bytes())}\n".encode())
    return whole.hexdigest()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _require_same(name: str, left: str, left_names: frozenset[str], right: str, right_names: frozenset[str]) -> None:
    if missing := sorted(left_names - right_names):
        raise PromptError(f"prompts/{name}.md: {left} but not {right}: {', '.join(missing)}")
    if extra := sorted(right_names - left_names):
        raise PromptError(f"prompts/{name}.md: {right} but not {left}: {', '.join(extra)}")


PROMPTS_DIGEST = digest_of(FOLDER)
