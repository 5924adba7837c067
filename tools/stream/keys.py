"""The data structures that hold a lead between its 202 and its decision, and the names of their keys.

    lr:{p}:leads         stream; one entry an accepted submission: s = submission id, k = accept key, d = payload (JSON)
    lr:{p}:leads / deciders   consumer group; an entry stays pending for a worker until its decision is committed
    lr:{p}:once:<key>    string `state|lead_id|fingerprint|submission_id`, state q (queued) or d (done); expires
    lr:{p}:later         sorted set of retries: member = msgpack-free JSON {s,k,d,a}, score = due time in ms
    lr:{p}:done          channel; one message a committed batch: submission ids, blank-separated

`{p}` is the partition as a hash tag, so that every key one script touches lies on one node of a cluster. An accept key and
the lead it belongs to may fall on different partitions; only the accept key chooses.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

GROUP = "deciders"


@dataclass(frozen=True, slots=True)
class Partition:
    """The key names of one partition."""

    number: int

    def _key(self, name: str) -> str:
        return f"lr:{{{self.number}}}:{name}"

    @property
    def stream(self) -> str:
        return self._key("leads")

    @property
    def later(self) -> str:
        return self._key("later")

    @property
    def done(self) -> str:
        return self._key("done")

    def once(self, accept_key: str) -> str:
        return self._key(f"once:{accept_key}")


def partition_of(accept_key: str, partitions: int) -> Partition:
    """The partition that an accept key belongs to, the same in every process."""
    if partitions == 1:
        return Partition(0)
    digest = hashlib.blake2b(accept_key.encode(), digest_size=4).digest()
    return Partition(int.from_bytes(digest, "big") % partitions)
