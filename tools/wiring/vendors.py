"""Adapters of vendors as the settings describe them. Imported only where they are chosen: their SDKs cost time and memory that
the default run does not pay."""

from __future__ import annotations

from typing import Any

from tools.embedded.valkey import EmbeddedValkey
from tools.embedders import STRUCTURED, Embedder
from tools.opinions import ChatModel
from tools.settings import Settings
from tools.wiring.opening import Store


def secret(value: Any) -> str:
    """Of a setting that may be left out."""
    return value.get_secret_value() if value is not None else ""


def hubspot(settings: Settings, store: Store) -> Any:
    """Reads accounts, and performs what is written to the CRM."""
    from tools.hubspot import HubSpotCrm  # noqa: PLC0415
    from tools.store.family_leads import SqlFamilyLeads  # noqa: PLC0415

    return HubSpotCrm(
        secret(settings.hubspot_access_token),
        base_url=settings.hubspot_base_url,
        deadline_s=settings.read_deadline_s,
        family_leads=SqlFamilyLeads(store.engine),
        currency=settings.hubspot_currency,
        limits=hubspot_limits(settings),
        public_url=settings.base_url,
    )


def hubspot_calls(settings: Settings, *, retries: int = 0) -> Any:
    """Calls of their own for what reads HubSpot beside the decisions; retries: for jobs that nobody waits for."""
    from tools.hubspot.calls import HubSpotCalls  # noqa: PLC0415

    return HubSpotCalls(
        secret(settings.hubspot_access_token),
        settings.hubspot_base_url,
        timeouts_s=(3.0, 10.0),
        connections=2,
        limits=hubspot_limits(settings),
        retries=retries,
    )


def hubspot_limits(settings: Settings) -> Any:
    """The portal's limits of calls, kept in the stream's server for all processes."""
    from tools.hubspot.calls import Limits  # noqa: PLC0415
    from tools.rate_limit import Bucket, Limit  # noqa: PLC0415

    url = settings.redis_url or EmbeddedValkey(settings.data_dir / "valkey", settings.redis_fsync).url
    return Limits(
        Bucket(Limit("hubspot:calls", settings.hubspot_requests_10s, 10.0), url),
        Bucket(Limit("hubspot:searches", settings.hubspot_searches_s, 1.0), url),
    )


def embedder_of(settings: Settings) -> Embedder:
    if settings.embedder == "structured":
        return STRUCTURED
    from tools.llm import OpenAiEmbedder  # noqa: PLC0415

    return OpenAiEmbedder(
        secret(settings.openai_api_key),
        model=settings.openai_embedding_model,
        dimensions=settings.openai_embedding_dimensions,
        base_url=settings.openai_base_url,
        deadline_s=settings.read_deadline_s,
    )


def pinecone(settings: Settings) -> Any:
    """Implements `SimilarAccounts`, and takes new accounts in."""
    from tools.pinecone_store import PineconeSimilar  # noqa: PLC0415

    return PineconeSimilar(
        secret(settings.pinecone_api_key),
        embedder_of(settings),
        host=settings.pinecone_host,
        deadline_s=settings.read_deadline_s,
        reach=settings.similar_reach,
    )


def chat_of(settings: Settings, *, inline: bool = False) -> ChatModel:
    """The outbox tries again by itself, so that behind it the SDK does not."""
    return ChatModel(
        api_key=secret(settings.openai_api_key),
        model=settings.openai_model,
        base_url=settings.openai_base_url,
        deadline_s=settings.read_deadline_s if inline else settings.openai_deadline_s,
        max_retries=1 if inline else 0,
        structured=settings.openai_structured,
        temperature=None if settings.openai_temperature == "default" else settings.openai_temperature,
    )
