"""Findings about a submission itself: was it a person who filled the form, and does its text try to do something.

Signs of a bot send the lead to a person (`review=True`); the lead is kept, has an owner, and is told why. Hostile text
(markup, mentions, orders to a language model) is only noted: it is data everywhere, so it can do nothing. Nothing here
looks at who somebody is: no rule asks for sex, origin, language or script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graph.domain.lead import Flag, Form
from graph.rules.gibberish import is_gibberish_name, is_gibberish_text

FASTEST_FILL_MS = 1_500
"""A form filled in less was not typed by hand; a browser that fills it in for a person still needs a click."""

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
_MARKUP = re.compile(
    r"<\s*/?\s*(?:script|iframe|img|svg|object|embed|style|form|body|html|meta|link|a\s)|javascript:|data:text/html"
    r"|\bon(?:error|load|click|mouseover)\s*=|\{\{.*\}\}|\$\{.*\}|<\?php|\bunion\s+(?:all\s+)?select\b|;\s*drop\s+table"
)
_MARKUP_SIGNS = ("<", "{", ":", "=", ";", "select")
_MENTION = re.compile(
    r"<!(?:channel|here|everyone|subteam\^|date\^)|<[@#][uwc][a-z0-9]{6,}|(?:^|\s)@(?:channel|here|everyone)\b"
)
_INSTRUCTION = re.compile(
    r"""\b(?:ignore|disregard|forget|override|bypass)\s+(?:\w+\s+){0,4}(?:instructions?|prompts?)
    |\b(?:ignore|disregard|forget|override|bypass)\s+(?:all|any|every|your|these|previous|prior|the\s+above)\b
        \s+(?:\w+\s+){0,3}(?:rules?|guidelines?|context|constraints?)
    |\b(?:system|developer)\s+(?:prompt|instructions?)\b
    |\byou\s+are\s+(?:now|no\s+longer)\s+(?:an?|the|in|dan|free|bound)\b
    |\bact\s+as\s+(?:if|an?\s+(?:ai|assistant|admin|model|system))\b
    |\b(?:score|rate|rank|grade|mark|classify)\s+(?:this|me|us|my|it)\b[^.!?\n]{0,60}
        \b(?:100|10/10|[01]\.\d+|perfect|highest|maximum|max|top|hot|vip|qualified)\b
    |\b(?:give|set)\s+(?:me|us|it|this)\b[^.!?\n]{0,40}\b(?:scores?|rating)\b
    |\b(?:output|respond|reply|answer)\b[^.!?\n]{0,40}\bjson\b
    |\bscore\s*["']?\s*[:=]\s*["']?\s*\d
    |<\s*/?\s*(?:system|assistant|user|instructions?|lead|facts)\s*>|^\s*(?:system|assistant)\s*:|\[/?inst\]
    |\bignoriere?\b[^.!?\n]{0,30}\banweisungen\b|\bignor(?:ez|e|a)\b[^.!?\n]{0,30}\b(?:instruc|instruç|istruz)
    """,
    re.VERBOSE | re.MULTILINE,
)
# Each alternative above holds one of these; most messages hold none and are spared the search.
_HINTS = (
    "instr", "prompt", "ignor", "disregard", "forget", "overrid", "bypass", "you are", "act as", "score", "rate",
    "rank", "grade", "mark", "classify", "rating", "json", "<", "system", "assistant", "inst]",
)  # fmt: skip


def gives_orders(lowered: str) -> bool:
    """Whether a text in lower case speaks to a language model instead of to us ("ignore all previous instructions")."""
    return any(hint in lowered for hint in _HINTS) and _INSTRUCTION.search(lowered) is not None


def findings(form: Form) -> tuple[Flag, ...]:
    """The flags of one submission. Fields must be cleaned; only the message may be long, and its length is bounded."""
    return (*_signs_of_a_bot(form), *_hostile(form))


def _signs_of_a_bot(form: Form) -> Iterator[Flag]:
    if form.honeypot and form.honeypot.strip():
        yield Flag("bot_honeypot", "A field that people cannot see was filled in.", review=True)
    if form.fill_time_ms is not None and 0 < form.fill_time_ms < FASTEST_FILL_MS:
        yield Flag("bot_speed", f"The form was filled in within {form.fill_time_ms / 1000:.1f} s.", review=True)
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
    text = "\n".join(
        filter(None, (form.full_name, form.company, form.title, form.city, form.product, form.message))
    ).lower()
    if not text:
        return
    if any(sign in text for sign in _MARKUP_SIGNS) and _MARKUP.search(text):
        yield Flag("text_markup", "The text holds markup or code; it is shown as plain text.")
    if gives_orders(text):
        yield Flag("text_instructions", "The text gives orders to a language model; they are not followed.")
    if ("@" in text or "<" in text) and _MENTION.search(text):
        yield Flag("text_mention", "The text tries to mention people in a channel; it reaches nobody.")
