"""The lines of one source about one account as one telling: they may complete each other, never contradict.

Several lines may name several parents, as the owners of a joint venture do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graph.rules.company_names import company_key
from tools.accounts.scratch import Entry, Scratch
from tools.accounts.telling import LISTS

_OWN: Final = frozenset(("name", "parents", "job_posts", "typed", "id", *LISTS))
_LONGEST: Final = 60


@dataclass(slots=True)
class Joined:
    """fields: as a telling has them. problems: sentences for people; what they speak of is not in the fields."""

    key: str
    fields: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def joined(entries: Sequence[Entry], scratch: Scratch) -> Joined:
    """entries: of one account, in the order of their lines."""
    account = Joined(entries[0].key)
    said_on: dict[str, int] = {}
    for entry in entries:
        _name(account, entry, said_on)
        for name, value in entry.fields.items():
            if name in LISTS:
                account.fields[name] = list(dict.fromkeys([*account.fields.get(name, ()), *value]))
            elif name == "typed":
                account.fields.setdefault(name, {}).update(value)
            elif name not in _OWN:
                _single(account, name, value, entry.line, said_on)
            elif name in {"id", "job_posts"}:
                account.fields.setdefault(name, value)
        _parents(account, entry, said_on, scratch)
    return account


def _single(account: Joined, name: str, value: Any, line: int, said_on: dict[str, int]) -> None:
    held = account.fields.setdefault(name, value)
    first = said_on.setdefault(name, line)
    if held != value:
        account.problems.append(
            f"line {line}: {name} of {account.key} is {_text(value)} here and {_text(held)} on line {first}; keep one"
        )


def _name(account: Joined, entry: Entry, said_on: dict[str, int]) -> None:
    """Other spellings of the name are names it is known by; another name is a contradiction."""
    name = entry.fields.get("name")
    if name is None:
        return
    held = account.fields.setdefault("name", name)
    if company_key(held) != company_key(name):
        _single(account, "name", name, entry.line, said_on)
        return
    said_on.setdefault("name", entry.line)
    if held != name:
        account.fields["aliases"] = list(dict.fromkeys([*account.fields.get("aliases", ()), name]))


def _parents(account: Joined, entry: Entry, said_on: dict[str, int], scratch: Scratch) -> None:
    for said, share in _claims(account, entry, scratch):
        parents = account.fields.setdefault("parents", [])
        held = next((one for one in parents if one[0] == said), None)
        if held is None:
            parents.append([said, share])
            said_on[f"parent {said}"] = entry.line
        elif None not in (held[1], share) and held[1] != share:
            account.problems.append(
                f"line {entry.line}: {_text(said)} owns {share:g}% of {account.key} here and {held[1]:g}% on line "
                f"{said_on[f'parent {said}']}; keep one"
            )
        elif held[1] is None:
            held[1] = share


def _claims(account: Joined, entry: Entry, scratch: Scratch) -> list[tuple[str, float | None]]:
    """A parent's number means the account of the same source that has it; without one the name or domain counts."""
    parents: list[list[Any]] = entry.fields.get("parents", [])
    number = entry.parent_number
    named = [(said, share) for said, share in parents if said]
    if number is None:
        return named
    keys = scratch.keys_of(number)
    share = next((one[1] for one in parents), None)
    if len(keys) == 1:
        return [(keys[0], share)]
    if named:
        return named
    what = "the id of no line" if not keys else f"the id of several accounts ({', '.join(keys)})"
    account.problems.append(
        f"line {entry.line}: parent_id {_text(number)} of {account.key} is {what}; export the parent too, "
        "or name it in the column parent"
    )
    return []


def _text(value: Any) -> str:
    return repr(value[:_LONGEST]) if isinstance(value, str) else f"{value}"
