"""Findings about a submission itself: was it a person who filled the form, and does its text try to do something.

Signs of a bot send the lead to a person (`review=True`); the lead is kept, has an owner, and is told why. Hostile text
(markup, mentions, orders to a language model) is only noted: it is data everywhere, so it can do nothing. Nothing here
looks at who somebody is: no rule asks for sex, origin, language or script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from graph.domain.lead import Flag, Form, Lead
from graph.domain.values import evolve
from graph.rules.gibberish import is_gibberish_name, is_gibberish_text
from graph.rules.orders import Sign, signs_in
from graph.rules.timing import timing_findings
from graph.rules.titles import function_of, seniority

_URL = re.compile(r"https?://|\bwww\.|\b[a-z0-9-]{2,}\.(?:ru|top|xyz|site|online|club|shop|click|link|buzz|icu)\b/?")
_PASTED_LINK = re.compile(r"\[url[=\]]|\[link[=\]]|<a\s+href")
_SPAM = re.compile(
    r"""\b(?:casino|slots?|betting|jackpot|lottery|viagra|cialis|levitra|pharmacy|porn|xxx|escorts?|hookup|dating|nude
    |payday|loans?|forex|binary\ options?|crypto(?:currency)?|bitcoin|airdrop|giveaway|invest(?:ment)?\ opportunity
    |make\ money|earn(?:ing)?\ (?:money|\$|up\ to)|passive\ income|work\ from\ home|get\ rich|replica|rolex|cheap
    |buy\ now|limited\ offer|click\ here|act\ now|discount|free\ gift|seo|backlinks?|guest\ posts?|link\ building
    |rank(?:ing)?\ (?:on|in|higher)|first\ page|page\ one|web\ ?traffic|website\ traffic|followers|essay|telegram)\b""",
    re.VERBOSE,
)
_SAID: dict[Sign, Flag] = {
    "markup": Flag("text_markup", "The text holds markup or code; it is shown as plain text."),
    "instructions": Flag("text_instructions", "The text gives orders to a language model; they are not followed."),
    "hidden": Flag(
        "text_hidden", "The text hides some of its letters or what they say; no language model is shown it."
    ),
    "mention": Flag("text_mention", "The text tries to mention people in a channel; it reaches nobody."),
}
TRIES = frozenset(flag.code for flag in _SAID.values())
"""Codes of the flags of a text that tries to do something (see `orders`)."""
ORDERS = frozenset({"text_instructions", "text_hidden"})
_READ = ("message", "title", "source", "full_name", "company", "city", "product")


def weighed(lead: Lead) -> Lead:
    """The lead as a score may weigh it: a text that gives orders, or hides what it says, counts as a field left empty.

    Markup and mentions alone are what engineers write about their work; they are weighed like any text.
    """
    if ORDERS.isdisjoint([flag.code for flag in lead.flags]):
        return lead
    guilty = {name for name in _READ if (typed := getattr(lead, name)) and _commands(typed)}
    if not guilty:
        guilty = {"source"}  # it is kept as a key, in which an order may no longer be seen
    empty: dict[str, str | None] = dict.fromkeys(guilty & {"message", "title", "source"})
    if "title" in empty:
        empty |= {"seniority": seniority(None), "function": function_of(None)}
    return evolve(lead, **empty)


def _commands(typed: str) -> bool:
    """A source is a key, whose words are joined by underscores."""
    readings = (typed, typed.replace("_", " ")) if "_" in typed else (typed,)
    return any(not {"instructions", "hidden"}.isdisjoint(signs_in(text)) for text in readings)


def tries_something(lead: Lead) -> bool:
    return any(flag.code in TRIES for flag in lead.flags)


def findings(form: Form, received_at: datetime | None = None) -> tuple[Flag, ...]:
    """The flags of one submission. Fields must be cleaned; only the message may be long, and its length is bounded."""
    return (*_signs_of_a_bot(form, received_at), *_hostile(form))


def _signs_of_a_bot(form: Form, received_at: datetime | None) -> Iterator[Flag]:
    if form.honeypot and form.honeypot.strip():
        yield Flag("bot_honeypot", "A field that people cannot see was filled in.", review=True)
    yield from timing_findings(form, received_at)
    mashed = [
        label
        for label, text in (("name", form.full_name), ("company", form.company), ("city", form.city))
        if text and is_gibberish_name(text)
    ]
    if form.message and is_gibberish_text(form.message):
        mashed.append("message")
    if mashed:
        yield Flag("bot_gibberish", f"Letters hit at random in: {', '.join(mashed)}.", review=True)
    if form.message and (reason := _link_spam(form.message.lower())):
        yield Flag("bot_link_spam", reason, review=True)


def _link_spam(message: str) -> str | None:
    """Links alone are normal (a site, a brief); several with words of spam, or pasted as forum code, are not."""
    if _PASTED_LINK.search(message):
        return "The message holds links pasted as forum or page code."
    links = len(_URL.findall(message))
    if links == 0:
        return None
    words = sorted(set(_SPAM.findall(message)))
    if (links >= 2 and words) or len(words) >= 3:
        return f"The message holds {links} link{'s' if links > 1 else ''} among words of spam ({', '.join(words[:3])})."
    return None


def _hostile(form: Form) -> Iterator[Flag]:
    """Every field that people type is read, also those that no model is shown."""
    typed = (
        form.full_name, form.company, form.title, form.city, form.product, form.source, form.industry, form.website,
        form.domain, form.country, form.state, form.postal, form.employees, form.message,
    )  # fmt: skip
    text = "\n".join(filter(None, typed))
    for sign in signs_in(text) if text else ():
        yield _SAID[sign]
