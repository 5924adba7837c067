"""Settings of similar accounts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from tools.settings.choice import Choice


class Similar(BaseSettings):
    """Our own store, or Pinecone; our own arithmetic, or OpenAI's embeddings."""

    similar: Choice = "embedded"
    pinecone_api_key: SecretStr | None = None
    pinecone_host: str = Field("", description="The index's host.")
    embedder: Literal["structured", "openai"] = Field(
        "structured", description="What compares past accounts: our own arithmetic, or OpenAI's embeddings."
    )
    openai_embedding_model: str = "text-embedding-3-small"
    openai_embedding_dimensions: int = Field(1536, ge=8, le=4096, description="A Pinecone index has the same.")
    similar_bundled: bool = Field(
        True, description="Show the invented past accounts that ship with the product; false once you have your own."
    )
    similar_reach: float = Field(
        0.7, gt=0, le=2, description="Accounts at a greater distance (1 - cosine) are not similar."
    )
    similar_exact_up_to: int = Field(
        50_000, ge=0, description="More past accounts than this are searched by usearch graphs, if these find enough."
    )
    similar_recall: float = Field(
        0.95, gt=0, le=1, description="Share of the ten nearest that graphs must find; below it the search is exact."
    )
