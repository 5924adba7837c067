"""What one could learn of a lead or do with them, made to its features as if it had happened.

Only what can be asked for or done: never another title, country or employer. Nothing here is scored; whoever asks scores
the changed input with the same scorer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from graph.domain.insights import Option
from graph.domain.lead import Lead
from graph.domain.values import evolve
from graph.features.inputs import FeatureInput
from graph.features.intent import wishes

SIZES: Final = ((10, "under 20 people"), (100, "20 to 199 people"), (500, "200 to 999 people"), (5000, "1,000 or more"))
"""An answer for each step of companySizeEstimate."""
_GIVEN = "given"
_QUESTIONS: Final = (
    ("timeline", "Ask by when they want to decide", "this quarter"),
    ("scale", "Ask how many services, hosts or people it is for", "200 services"),
    ("stack", "Ask what they run today", "kubernetes"),
)
"""(key, what to ask, what the answer adds to the message)."""
_ACTIONS: Final = (
    ("meeting", "Book a meeting or a demo"),
    ("call", "Reach them by phone"),
    ("reply", "Get a reply to a mail"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """option: in words; made: the input as it would be."""

    option: Option
    made: Callable[[FeatureInput], FeatureInput]


def changes(inp: FeatureInput) -> tuple[Change, ...]:
    """Everything that is still open about this lead."""
    actions = [_action(key, words) for key, words in _ACTIONS if key != "call" or inp.lead.phone]
    return (*_missing(inp), *_sizes(inp), *_questions(inp), *actions)


def _missing(inp: FeatureInput) -> list[Change]:
    lead = inp.lead
    found = []
    if not lead.phone:
        found.append(_asked("phone", "Ask for a phone number", phone=_GIVEN))
    if not lead.title:
        found.append(_asked("title", "Ask for the job title", title=_GIVEN))
    if not (lead.full_name and " " in lead.full_name.strip()):
        found.append(_asked("name", "Ask for first and last name", full_name="first last"))
    if not (lead.company or lead.domain):
        found.append(_asked("company", "Ask for the company", company=_GIVEN))
    if lead.email_domain_type == "free":
        found.append(_asked("work_email", "Ask for a work e-mail", email_domain_type="corporate", domain=_GIVEN))
    return found


def _asked(key: str, words: str, **fields: object) -> Change:
    return Change(Option(key, "ask", words), lambda inp: evolve(inp, lead=evolve(inp.lead, **fields)))


def _sizes(inp: FeatureInput) -> list[Change]:
    profile = inp.profile
    known = inp.lead.employees if profile is None or profile.employees is None else profile.employees
    if known is not None or (profile is not None and profile.parent_employees is not None):
        return []
    return [_size(employees, answer) for employees, answer in SIZES]


def _size(employees: int, answer: str) -> Change:
    option = Option("company_size", "ask", "Ask how many people the company has", answer)
    return Change(option, lambda inp: evolve(inp, lead=evolve(inp.lead, employees=employees)))


def _questions(inp: FeatureInput) -> list[Change]:
    """Those whose answer the message does not hold already."""
    said = (inp.lead.message or "").strip()
    bits, scale = wishes(said)
    found = []
    for key, words, answer in _QUESTIONS:
        more, of_scale = wishes(answer)
        if more & ~bits or (of_scale and not scale):
            found.append(Change(Option(key, "ask", words), _told(answer)))
    return found


def _told(answer: str) -> Callable[[FeatureInput], FeatureInput]:
    """The answer stands first: a long message is read to its limit only."""

    def made(inp: FeatureInput) -> FeatureInput:
        lead: Lead = inp.lead
        return evolve(inp, lead=evolve(lead, message=f"{answer}. {lead.message or ''}".strip()))

    return made


def _action(key: str, words: str) -> Change:
    def made(inp: FeatureInput) -> FeatureInput:
        return evolve(inp, activities=(*inp.activities, (key, inp.received_at)))

    return Change(Option(key, "do", words), made)
