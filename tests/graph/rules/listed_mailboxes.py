"""How our lists of mailboxes stand to public ones: `python -m tests.graph.rules.listed_mailboxes`.

The public lists are two files of names, free and disposable, that nobody wrote for this product; the free one holds
employers too. No label says which names are right, so these are overlaps, not precision: what share of our free list is on
a public one, what share of a public list we call what it says, and which of its names we hold to be an employer's.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from graph.rules.domains import is_throw_away, mailbox_type, registrable
from graph.rules.mailboxes import EMPLOYERS, FREE_MAIL

FOLDER = Path(os.environ.get("LEAD_DATA", Path(__file__).parents[4] / "shared" / "data")) / "email_domains"


def names(file: str) -> list[str]:
    return (FOLDER / file).read_text(encoding="utf-8").split()


def free() -> list[str]:
    return names("free_only.txt")


def disposable() -> list[str]:
    return names("disposable_email_blocklist.conf")


def kinds(hosts: list[str]) -> Counter[str]:
    """How many of the hosts we call what."""
    return Counter("disposable" if is_throw_away(host) else mailbox_type(host) for host in hosts)


def held(hosts: list[str]) -> list[str]:
    """Hosts at or below an employer's domain."""
    return sorted(host for host in hosts if registrable(host) in EMPLOYERS)


if __name__ == "__main__":
    public = {*free(), *disposable()}
    print(
        f"our free list: {len(FREE_MAIL)} names, {len(FREE_MAIL & public) / len(FREE_MAIL):.3f} of them on a public list"
    )
    for title, hosts in (("public free list", free()), ("public disposable list", disposable())):
        found = ", ".join(f"{kind} {count}" for kind, count in kinds(hosts).most_common())
        print(f"{title}: {len(hosts)} names; we say: {found}")
        employers = held(hosts)
        wrong = [host for host in employers if mailbox_type(host) == "free"]
        print(f"  at an employer of ours: {len(employers)}, of which called free {len(wrong)}: {' '.join(employers)}")
