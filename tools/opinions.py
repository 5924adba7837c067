"""What a language model is asked for, without the SDK that asks it: the forms of its answers, and the keys they are kept by.

A model's answer is a stranger's text like any other: it is validated field by field and used whole or not at all, never
cast or repaired. A key stands for everything an answer depends on (model, prompt, form, what was asked) and for nothing
else, so that every process finds what another one paid for. Nothing here calls out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

import prompts
from graph.domain.scoring import Intent, Judgement
from graph.ports import JudgeAsk
from graph.rules.orders import signs_in

OPENAI: Final = "https://api.openai.com/v1"
LONGEST: Final = 4_000
"""Characters of a message that a model is shown."""
NEUTRAL: Final = 0.5
"""The judgement that moves no score."""
LONGEST_NAME: Final = 100
"""Of a model, in the key of an effect."""

Structured: TypeAlias = Literal["json_schema", "function_calling", "json_mode"]
_LINK = re.compile(r"https?:|www\.|\S@\S|<[!@#]|(?:^|\s)@\w", re.IGNORECASE)
_BARE_LINK = re.compile(
    r"\b[a-z0-9-]{2,}\.(?:com|net|org|io|co|de|fr|ru|cn|xyz|top|info|biz|app|link|click|site|online)\b"
)
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]"
)


def _plain(limit: int, text: str) -> str:
    """Text fit for an owner's eyes: something to read, not too long, nothing to click on or to ping people with, and no
    echo of an order that the model was given."""
    stripped = text.strip()
    if not 0 < len(stripped) <= limit or _LINK.search(stripped) or _HARMFUL.search(stripped) or signs_in(stripped):
        raise ValueError("must be plain text of bounded length without links, addresses, mentions, markup and orders")
    return stripped


def _phrase(text: str) -> str:
    """A reason: a short plain text that names no site either."""
    phrase = _plain(200, text)
    if _BARE_LINK.search(phrase.lower()):
        raise ValueError("must name no site")
    return phrase


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    def value(self) -> Any:
        """The answer in the graph's own terms."""
        raise NotImplementedError


class Opinion(Answer):
    """An opinion of one message."""

    score: Annotated[float, Field(ge=0, le=1)]
    reasons: Annotated[list[Annotated[str, AfterValidator(_phrase)]], Field(max_length=6)]
    intent: Intent
    sentiment: Literal["positive", "neutral", "negative"]
    urgency: Literal["high", "medium", "low"]

    def value(self) -> Judgement:
        return Judgement(self.score, tuple(self.reasons), self.intent, self.sentiment, self.urgency)


class Note(Answer):
    """A note for the owner of a lead."""

    note: Annotated[str, AfterValidator(lambda text: _plain(1200, text))]

    def value(self) -> str:
        return self.note


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatModel:
    """Which model answers, and how it is asked.

    base_url: any address that speaks OpenAI's chat completions; deadline_s: seconds for one ask, waiting and the SDK's
    retries included; concurrency: calls under way at once; temperature: None leaves it to the model, for those that
    take no other; structured: how the model is held to the answer's form (`json_schema` where it can, else
    `function_calling` or `json_mode`).
    """

    api_key: str = field(repr=False)
    model: str
    base_url: str = OPENAI
    deadline_s: float = 8.0
    concurrency: int = 8
    max_retries: int = 1
    temperature: float | None = 0.0
    structured: Structured = "json_schema"


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of what one model answers to one prompt in one form."""

    identity: str

    def of(self, values: Mapping[str, Any]) -> str:
        asked = json.dumps(values, sort_keys=True)
        return hashlib.sha256(f"{self.identity}\0{asked}".encode()).hexdigest()


def keys_of(chat: ChatModel, prompt: prompts.Prompt, answer: type[Answer]) -> Keys:
    form = json.dumps(answer.model_json_schema(), sort_keys=True)
    return Keys(f"{chat.base_url} {chat.model} {chat.temperature} {chat.structured} {prompt.digest} {form}")


def source_of(chat: ChatModel) -> str:
    """How facts and effects name the model."""
    return f"openai:{chat.model}"[:LONGEST_NAME]


def shown(ask: JudgeAsk, longest: int = LONGEST) -> Mapping[str, Any] | None:
    """What the prompt `scoring` is given of a lead; None without a message, when there is nothing to judge."""
    message = (ask.message or "").strip()
    if not message:
        return None
    seen = {"message": message[:longest], "message_cut": len(message) > longest}
    return {"lead": asdict(ask) | seen}


def tries_something(ask: JudgeAsk) -> bool:
    """Whether any text that a model would be shown gives it orders, or is no plain text."""
    return any(signs_in(text) for text in asdict(ask).values() if text)


def guarded(ask: JudgeAsk, judgement: Judgement) -> Judgement:
    """The judgement, which raises no score where the text tries something: whatever the model made of it."""
    if judgement.score <= NEUTRAL or not tries_something(ask):
        return judgement
    return replace(judgement, score=NEUTRAL)
