"""The index of known accounts and the matcher that reads it: `build` writes one, `LiveMatcher` answers from the newest.

build(folder, accounts)                         # an iterable of KnownAccount; atomic, readers swap by themselves
LiveMatcher(folder, time.monotonic).match(asks)
"""

from tools.accounts.matching.index import AccountIndex
from tools.accounts.matching.live import LiveMatcher, build

__all__ = ["AccountIndex", "LiveMatcher", "build"]
