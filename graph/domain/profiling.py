"""The one thing that is worth asking a person next, where a form has room for a question."""

from __future__ import annotations

from typing import Literal, TypeAlias

from graph.domain.values import value

AskedField: TypeAlias = Literal["country", "state", "employees", "industry", "product", "company", "title", "phone"]
Decides: TypeAlias = Literal["routing", "score", "sla"]


@value(frozen=True)
class Question:
    """field: of the form, in which the answer is posted; decides: what the answer is for; why: the same in a sentence, for
    us, not for the person who is asked. It holds nothing of what is known of them."""

    field: AskedField
    decides: Decides
    why: str
