"""Evidence in words: sentences without their stop."""

from __future__ import annotations

from graph.rules.matching.asked import Asked
from graph.rules.matching.names import Alike


def domain_said(host: str, domain: str, depth: int) -> str:
    return f"{host} lies below its domain {domain}" if depth else f"{domain} is its domain"


def name_said(asked: Asked, alike: Alike | None, name: str) -> str:  # noqa: PLR0911 - one sentence a kind
    if alike is None:
        return ""
    typed = asked.ask.name or ""
    match alike.kind:
        case "whole":
            return f'"{_short(typed)}" is its name'
        case "spelt":
            return f'"{_short(typed)}" is its name "{_short(name)}" but for the spelling'
        case "label":
            return f'"{_short(typed)}" is the label of its domain'
        case "inside":
            return f'its name "{_short(name)}" stands in "{_short(typed)}"'
        case "slipped":
            return f'its name "{_short(name)}" stands in "{_short(typed)}" but for the spelling'
        case "initials":
            return f'"{_short(typed)}" has the initials of "{_short(name)}", as no other account has'
        case "part":
            return f'"{_short(typed)}" is part of its name "{_short(name)}"'
        case _:
            return f'"{_short(typed)}" begins like its name "{_short(name)}"'


def family_said(asked: Asked, relation: str, known: str) -> str:
    match relation:
        case "label":
            return f"{asked.ask.domain} is its domain {known} under another ending"
        case "affix":
            return f"{asked.ask.domain} is its domain {known} with a word that says nothing"
        case "subbrand":
            return f"{asked.ask.domain} begins like its domain {known}"
        case _:
            return f'{asked.ask.domain} is made of its name "{_short(known)}"'


def _short(text: str) -> str:
    text = " ".join(text[:200].split())
    return text if len(text) <= 60 else f"{text[:57]}..."
