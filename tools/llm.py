"""The language model at any OpenAI-compatible address: a judge of messages, a writer of notes, an embedder of accounts.

What a model may answer, and how answers are kept, is said in `opinions`. What it is asked about goes in as a JSON value
(see `prompts`). Nothing here decides, and nothing is sent to a tracing service, whatever the environment says.

A question is put in one of two ways: as a read that answers a fact for each ask within its deadline (`judge`, `write`),
for somebody who waits; or as work of the outbox that says how it failed and when to try again (`ask`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, TypeVar

import openai
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.runnables import Runnable
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langchain_openai.chat_models.base import OpenAIRefusalError
from langsmith import tracing_context
from pydantic import SecretStr

import prompts
from graph.domain.facts import Fact, Found
from graph.domain.scoring import Judgement
from graph.ports import AccountQuery, JudgeAsk, NoteAsk, VendorError
from tools.asking import ReadError, Reason, VendorRead, reason_of_status, retry_after_s
from tools.cache import Cache, MemoryCache
from tools.opinions import (
    LONGEST,
    OPENAI,
    Answer,
    ChatModel,
    Note,
    Opinion,
    guarded,
    keys_of,
    shown,
    source_of,
)

V = TypeVar("V")


LASTING = frozenset({"quota exhausted", "unauthorised", "refused"})
"""Failures that only a person can mend."""


class _Chat(Generic[V]):
    """One prompt put to one model: `facts` for values of the prompt's variables, remembered in the cache.

    answer: the form that the model is held to; its `value` is a `shape`.
    """

    def __init__(
        self, prompt: prompts.Prompt, chat: ChatModel, answer: type[Answer], shape: type[V], cache: Cache
    ) -> None:
        self._prompt, self._answer, self._shape = prompt, answer, shape
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
        self._read: VendorRead[Mapping[str, Any], V] = VendorRead(
            source_of(chat),
            self._ask,
            keys_of(chat, prompt, answer).of,
            deadline_s=chat.deadline_s,
            concurrency=chat.concurrency,
            cache=cache,
            shape=shape,
        )
        self.facts, self.aclose = self._read.facts, self._client.aclose

    async def answer(self, values: Mapping[str, Any]) -> V:
        """Raises VendorError: permanent where asking again would end the same."""
        try:
            value = await self._read.answer(values)
        except ReadError as error:
            lasting = error.reason in LASTING
            raise VendorError(
                error.reason.replace(" ", "_"), retry_after_s=error.retry_after_s, permanent=lasting
            ) from None
        if value is None:
            raise VendorError("invalid_answer")
        return value

    async def _ask(self, values: Mapping[str, Any]) -> V:
        (_, system), (_, user) = self._prompt.messages(values)
        try:
            with tracing_context(enabled=False):
                answer = await self._model.ainvoke([SystemMessage(system), HumanMessage(user)])
        except openai.OpenAIError as error:
            raise ReadError(_reason(error), _retry_after(error)) from error
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

    def __init__(self, chat: ChatModel, *, cache: Cache | None = None, longest: int = LONGEST) -> None:
        held = MemoryCache() if cache is None else cache
        self._longest = longest
        self._chat = _Chat(prompts.load("scoring"), chat, Opinion, Judgement, held)

    async def judge(self, asks: Sequence[JudgeAsk], now: datetime) -> Sequence[Fact[Judgement]]:
        """One fact for each ask, in order. Without a message nothing is asked, and the fact is Absent."""
        facts = await self._chat.facts([shown(ask, self._longest) for ask in asks], now)
        return [
            replace(fact, value=guarded(ask, fact.value)) if isinstance(fact, Found) else fact
            for ask, fact in zip(asks, facts, strict=True)
        ]

    async def ask(self, ask: JudgeAsk) -> Judgement | None:
        """The model's judgement, None without a message. Raises VendorError."""
        values = shown(ask, self._longest)
        return None if values is None else guarded(ask, await self._chat.answer(values))

    async def aclose(self) -> None:
        await self._chat.aclose()


class OpenAiWriter:
    """Implements `Writer`. Equal asks are answered once and remembered."""

    def __init__(self, chat: ChatModel, *, cache: Cache | None = None) -> None:
        held = MemoryCache() if cache is None else cache
        self._chat = _Chat(prompts.load("summarize"), chat, Note, str, held)

    async def write(self, asks: Sequence[NoteAsk], now: datetime) -> Sequence[Fact[str]]:
        """One fact for each ask, in order. Without facts nothing is asked, and the fact is Absent."""
        return await self._chat.facts([{"facts": dict(ask.facts)} if ask.facts else None for ask in asks], now)

    async def ask(self, ask: NoteAsk) -> str:
        """The model's note. Raises VendorError."""
        return await self._chat.answer({"facts": dict(ask.facts)})

    async def aclose(self) -> None:
        await self._chat.aclose()


class OpenAiEmbedder:
    """Accounts as vectors. `embedder_id` changes whenever the same account would get another vector. dimensions: 0 where
    nobody said, and the model has its own."""

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
        self.dimensions = dimensions or 0
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


def _retry_after(error: openai.OpenAIError) -> float | None:
    """Seconds that the vendor asks for before another try."""
    if not isinstance(error, openai.APIStatusError):
        return None
    return retry_after_s(error.response.headers.get("retry-after"))
