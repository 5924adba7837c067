"""The language model at any OpenAI-compatible address: a judge of messages, a writer of notes, an embedder of accounts.

A model's answer is a stranger's text like any other: it is validated field by field and used whole or not at all, never
cast or repaired. What it is asked about goes in as a JSON value (see `prompts`). Nothing here decides, and nothing is
sent to a tracing service, whatever the environment says.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar

import openai
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.runnables import Runnable
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langchain_openai.chat_models.base import OpenAIRefusalError
from langsmith import tracing_context
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

import prompts
from graph.domain.facts import Fact
from graph.domain.scoring import Intent, Judgement
from graph.ports import AccountQuery, JudgeAsk, NoteAsk
from tools.asking import ReadError, Reason, VendorRead, reason_of_status
from tools.cache import Cache, MemoryCache

OPENAI = "https://api.openai.com/v1"

Structured: TypeAlias = Literal["json_schema", "function_calling", "json_mode"]
V = TypeVar("V")

_LINK = re.compile(r"https?:|www\.|\S@\S|<[!@#]|(?:^|\s)@\w", re.IGNORECASE)
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _plain(limit: int, text: str) -> str:
    """Text fit for an owner's eyes: something to read, not too long, and nothing to click on or to ping people with."""
    stripped = text.strip()
    if not 0 < len(stripped) <= limit or _LINK.search(stripped) or _HARMFUL.search(stripped):
        raise ValueError("must be plain text of bounded length without links, addresses and mentions")
    return stripped


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    def value(self) -> Any:
        """The answer in the graph's own terms."""
        raise NotImplementedError


class Opinion(_Answer):
    """An opinion of one message."""

    score: Annotated[float, Field(ge=0, le=1)]
    reasons: Annotated[list[Annotated[str, AfterValidator(lambda text: _plain(200, text))]], Field(max_length=6)]
    intent: Intent
    sentiment: Literal["positive", "neutral", "negative"]
    urgency: Literal["high", "medium", "low"]

    def value(self) -> Judgement:
        return Judgement(self.score, tuple(self.reasons), self.intent, self.sentiment, self.urgency)


class Note(_Answer):
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


class _Chat(Generic[V]):
    """One prompt put to one model: `facts` for values of the prompt's variables, remembered in the cache.

    answer: the form that the model is held to; its `value` is a `shape`.
    """

    def __init__(
        self, prompt: prompts.Prompt, chat: ChatModel, answer: type[_Answer], shape: type[V], cache: Cache
    ) -> None:
        self._prompt, self._answer, self._shape = prompt, answer, shape
        form = json.dumps(answer.model_json_schema(), sort_keys=True)
        self._identity = f"{chat.base_url} {chat.model} {chat.temperature} {chat.structured} {prompt.digest} {form}"
        # A client of our own: LangChain's default one is shared by every event loop of the process and never closed.
        self._client = openai.DefaultAsyncHttpxClient(timeout=chat.deadline_s)
        model = ChatOpenAI(
            model=chat.model,
            api_key=SecretStr(chat.api_key),
            base_url=chat.base_url,
            timeout=chat.deadline_s,
            max_retries=chat.max_retries,
            temperature=chat.temperature,
            http_async_client=self._client,
            cache=False,
        )
        if chat.structured == "json_mode":  # LangChain's own parser would mend a broken answer
            form_only = model.bind(response_format={"type": "json_object"})
            self._model: Runnable[Any, Any] = form_only | (lambda message: answer.model_validate_json(message.text))
        else:
            self._model = model.with_structured_output(answer, method=chat.structured)
        read: VendorRead[Mapping[str, Any], V] = VendorRead(
            f"openai:{chat.model}",
            self._ask,
            self._key,
            deadline_s=chat.deadline_s,
            concurrency=chat.concurrency,
            cache=cache,
            shape=shape,
        )
        self.facts, self.aclose = read.facts, self._client.aclose

    def _key(self, values: Mapping[str, Any]) -> str:
        """A digest of everything the answer depends on: prompt, model, the answer's form, what is asked."""
        asked = json.dumps(values, sort_keys=True)
        return hashlib.sha256(f"{self._identity}\0{asked}".encode()).hexdigest()

    async def _ask(self, values: Mapping[str, Any]) -> V:
        (_, system), (_, user) = self._prompt.messages(values)
        try:
            with tracing_context(enabled=False):
                answer = await self._model.ainvoke([SystemMessage(system), HumanMessage(user)])
        except openai.OpenAIError as error:
            raise ReadError(_reason(error)) from error
        except OpenAIRefusalError as error:
            raise ReadError("refused") from error
        except ValueError as error:  # of pydantic, of LangChain's parsers, of JSON itself
            raise ReadError("invalid answer") from error
        value = answer.value() if isinstance(answer, self._answer) else None
        if not isinstance(value, self._shape):
            raise ReadError("invalid answer")
        return value


class OpenAiJudge:
    """Implements `Judge`. Equal asks are answered once and remembered. longest: characters of a message it may see."""

    def __init__(self, chat: ChatModel, *, cache: Cache | None = None, longest: int = 4000) -> None:
        held = MemoryCache() if cache is None else cache
        self._longest = longest
        self._chat = _Chat(prompts.load("scoring"), chat, Opinion, Judgement, held)

    async def judge(self, asks: Sequence[JudgeAsk], now: datetime) -> Sequence[Fact[Judgement]]:
        """One fact for each ask, in order. Without a message nothing is asked, and the fact is Absent."""
        return await self._chat.facts([self._values(ask) for ask in asks], now)

    async def aclose(self) -> None:
        await self._chat.aclose()

    def _values(self, ask: JudgeAsk) -> Mapping[str, Any] | None:
        message = (ask.message or "").strip()
        if not message:
            return None
        seen = {"message": message[: self._longest], "message_cut": len(message) > self._longest}
        return {"lead": asdict(ask) | seen}


class OpenAiWriter:
    """Implements `Writer`. Equal asks are answered once and remembered."""

    def __init__(self, chat: ChatModel, *, cache: Cache | None = None) -> None:
        held = MemoryCache() if cache is None else cache
        self._chat = _Chat(prompts.load("summarize"), chat, Note, str, held)

    async def write(self, asks: Sequence[NoteAsk], now: datetime) -> Sequence[Fact[str]]:
        """One fact for each ask, in order. Without facts nothing is asked, and the fact is Absent."""
        return await self._chat.facts([{"facts": dict(ask.facts)} if ask.facts else None for ask in asks], now)

    async def aclose(self) -> None:
        await self._chat.aclose()


class OpenAiEmbedder:
    """Accounts as vectors. `embedder_id` changes whenever the same account would get another vector."""

    def __init__(
        self,
        api_key: str,
        *,
        model: str = "text-embedding-3-small",
        dimensions: int | None = None,
        base_url: str = OPENAI,
        deadline_s: float = 5.0,
        max_retries: int = 1,
    ) -> None:
        self._client = openai.DefaultAsyncHttpxClient(timeout=deadline_s)
        self._model = OpenAIEmbeddings(  # type: ignore[call-arg]  # its fields are named by alias, which the plugin does not read
            model=model,
            dimensions=dimensions,
            api_key=SecretStr(api_key),
            base_url=base_url,
            timeout=deadline_s,
            max_retries=max_retries,
            http_async_client=self._client,
            check_embedding_ctx_length=False,  # else it downloads a tokeniser; these texts are short
            model_kwargs={"encoding_format": "float"},
        )
        self.embedder_id = f"openai/{model}/{dimensions or 'full'}/account-text-1"

    async def embed(self, accounts: Sequence[AccountQuery]) -> list[list[float]]:
        """One vector for each account, in order. Raises ReadError."""
        texts = [account_text(account) for account in accounts]
        try:
            with tracing_context(enabled=False):
                vectors = await self._model.aembed_documents(texts)
        except openai.OpenAIError as error:
            raise ReadError(_reason(error)) from error
        except (ValueError, TypeError, AttributeError, LookupError) as error:  # how the SDK fails on nonsense
            raise ReadError("invalid answer") from error
        lengths = {len(vector) for vector in vectors}
        finite = all(isinstance(x, float | int) and math.isfinite(x) for vector in vectors for x in vector)
        if len(vectors) != len(texts) or len(lengths) != 1 or 0 in lengths or not finite:
            raise ReadError("invalid answer")
        return vectors

    async def aclose(self) -> None:
        await self._client.aclose()


def account_text(account: AccountQuery) -> str:
    """What an embedding sees of an account: what is known of it, one line each. Changing this changes `embedder_id`."""
    lines = {
        "company": account.name,
        "domain": account.domain,
        "industry": account.industry,
        "country": account.country,
        "employees": account.employees,
        "annual revenue in US dollars": account.revenue_usd,
        "technologies": ", ".join(sorted(account.technologies)) or None,
    }
    return "\n".join(f"{name}: {value}" for name, value in lines.items() if value is not None) or "company: unknown"


def _reason(error: openai.OpenAIError) -> Reason:
    if isinstance(error, openai.APITimeoutError):
        return "timeout"
    if isinstance(error, openai.APIConnectionError):
        return "unreachable"
    if isinstance(error, openai.RateLimitError) and error.code == "insufficient_quota":
        return "quota exhausted"
    if isinstance(error, openai.APIStatusError):
        return reason_of_status(error.status_code)
    return "invalid answer"  # cut off, filtered, or not what the SDK can read
