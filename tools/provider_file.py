"""Providers of company facts described in a JSON file: how to ask each by HTTP, and where its answer holds which field.

    {"providers": [{
      "name": "acme-http",
      "url": "https://api.acme.example/v1/companies/{domain}",
      "headers": {"Authorization": "Bearer ${ACME_API_KEY}"},
      "fields": {"domain": "company.site", "employees": "company.size.count", "technologies": "stack[].name"},
      "price_cents": 4, "daily_questions": 2000}]}

Secrets are named, never written: `${NAME}` is a variable of the environment or of `.env`. Paths are JMESPath
(https://jmespath.org). The file is read once, at start; whatever is wrong with it stops the start with the place and a fix.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

PLACE: Final = "{domain}"
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET: Final = re.compile(r"auth|key|token|secret|cookie|password", re.IGNORECASE)
_TAKEN: Final = frozenset(("form", "accounts", "crm", "bundled", "apollo", "clearbit", "enrichment"))
_PATHS: Final = (
    "domain", "name", "employees", "revenue_usd", "industry", "country", "state", "city", "technologies", "hiring",
    "funding_stage", "parent_domain", "parent_name", "parent_employees", "parent_revenue_usd",
)  # fmt: skip


class ProviderFileError(ValueError):
    """The file cannot be used. The message names the place and the fix, and quotes no secret."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    """defer_build: every process imports this, and few have such a file."""


class ProviderTerms(_Strict):
    """What a provider of ours costs and how much of it a day may buy (ENRICHMENT_TERMS). Of what is None nothing is known,
    or there is no ceiling. See `Described` for the words."""

    price_cents: float | None = Field(None, ge=0, allow_inf_nan=False)
    charged: Literal["asked", "found"] = "asked"
    daily_questions: int | None = Field(None, ge=0)
    daily_cents: float | None = Field(None, ge=0, allow_inf_nan=False)
    ttl_d: float | None = Field(None, gt=0, le=3650)
    absent_ttl_d: float | None = Field(None, gt=0, le=3650)


class Posts(_Strict):
    """Job posts. list: path of the list; title, posted_at (ISO 8601, or seconds since 1970), text: paths within a post."""

    list: str
    title: str = "title"
    posted_at: str | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _paths(self) -> Self:
        for name in ("list", "title", "posted_at", "text"):
            _compiled(name, getattr(self, name))
        return self


class Described(ProviderTerms):
    """One provider.

    url, query, body (of a POST, JSON): `{domain}` is the company's domain, escaped; it may not stand in the host. fields:
    our field -> path in the answer; `domain`, where the answer names one, is compared with the one that was asked for.
    absent, pending: statuses that say so. charged: `found` where only known companies are charged. per_second: requests
    a process sends at the most. revenue_unit_usd: what the answer's revenue counts, 1000 for thousands of US dollars.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{1,38}$")
    method: Literal["GET", "POST"] = "GET"
    url: str
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    body: dict[str, Any] | None = None
    fields: dict[str, str] = {}
    job_posts: Posts | None = None
    absent: frozenset[Annotated[int, Field(ge=200, le=599)]] = frozenset((404,))
    pending: frozenset[Annotated[int, Field(ge=200, le=599)]] = frozenset((202,))
    revenue_unit_usd: int = Field(1, ge=1)
    per_second: float | None = Field(None, gt=0, allow_inf_nan=False)
    concurrency: int = Field(4, ge=1, le=64)
    plain_http: bool = Field(False, description="Allows http:// for a host of a closed network.")

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name in _TAKEN:
            raise ValueError(f"{name} is a source of ours already; choose another name")
        return name

    @field_validator("url")
    @classmethod
    def _fixed_host(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname or "", parts.port
        except ValueError as error:
            raise ValueError("no web address; write https://host/path") from error
        if parts.scheme not in {"https", "http"} or not host:
            raise ValueError("no web address; write https://host/path")
        if parts.username or parts.password:
            raise ValueError("a name or password in the address; put it into headers, as ${NAME}")
        if any(sign in parts.netloc for sign in "{}$"):
            raise ValueError("the host must be written out: {domain} and ${NAME} may stand in the path and the query")
        rest = (parts.path + parts.query).replace(PLACE, "")
        if any(sign in rest for sign in "{}") or parts.fragment:
            raise ValueError("in braces only {domain} may stand; a secret goes into headers or query, as ${NAME}")
        return url

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, fields: dict[str, str]) -> dict[str, str]:
        for name, path in fields.items():
            if name not in _PATHS:
                raise ValueError(f"{name!r} is no field; fields are {', '.join(_PATHS)}, and job_posts beside them")
            _compiled(name, path)
        return fields

    @field_validator("headers", "query")
    @classmethod
    def _no_written_secrets(cls, named: dict[str, str]) -> dict[str, str]:
        for name, value in named.items():
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or re.search(r"[\x00-\x1f\x7f]", value):
                raise ValueError(
                    f"{name!r} is no name of a header or parameter, or its value holds a control character"
                )
            if _SECRET.search(name) and not _VARIABLE.search(value):
                raise ValueError(f"{name} looks like a secret; write its variable, as ${{ACME_API_KEY}}")
        return named

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if urlsplit(self.url).scheme == "http" and not self.plain_http and not _is_this_machine(self.url):
            raise ValueError('url: http:// sends secrets in the clear; use https://, or say "plain_http": true')
        if not self.fields.keys() - {"domain"} and self.job_posts is None:
            raise ValueError("fields: no field of ours is taken from the answer; name one")
        if "parent_domain" not in self.fields and (
            parts := [name for name in self.fields if name.startswith("parent_")]
        ):
            raise ValueError(f"fields: {parts[0]} needs parent_domain: a parent without one is nobody we know")
        if PLACE not in self.url + json.dumps(self.query) + json.dumps(self.body):
            raise ValueError(
                "url: {domain} stands neither there nor in query nor in body: every company would be the same"
            )
        if self.body is not None and self.method != "POST":
            raise ValueError('body: only a POST has one; say "method": "POST"')
        if self.absent & self.pending or 200 in self.absent | self.pending:
            raise ValueError("absent, pending: a status can say one thing only, and 200 says that there is an answer")
        return self

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that its headers and query name."""
        texts = [*self.headers.values(), *self.query.values()]
        return tuple(dict.fromkeys(name for text in texts for name in _VARIABLE.findall(text)))


class ProviderFile(_Strict):
    """The whole file. $schema: for editors, as ./providers.schema.json."""

    editors_schema: str | None = Field(None, alias="$schema")
    providers: tuple[Described, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [one.name for one in self.providers]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"{', '.join(sorted(twice))}: described twice; keep one")
        return self


def read_provider_file(path: Path) -> ProviderFile:
    """Raises ProviderFileError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise ProviderFileError(f"{path}: not readable ({type(error).__name__})") from error
    try:
        return ProviderFile.model_validate(json.loads(text))
    except json.JSONDecodeError as error:
        raise ProviderFileError(f"{path}, line {error.lineno}, column {error.colno}: {error.msg}") from error
    except ValidationError as error:
        told = "; ".join(f"{_where(one['loc'])}: {one['msg'].removeprefix('Value error, ')}" for one in error.errors())
        raise ProviderFileError(f"{path}: {told}") from error


def environment() -> Mapping[str, str]:
    """The variables that a file may name: those of the process, then those of `.env`, where settings come from too."""
    from dotenv import dotenv_values  # noqa: PLC0415 - only who describes providers needs it

    return {**{name: value for name, value in dotenv_values(".env").items() if value}, **os.environ}


def missing_variables(one: Described, known: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in one.variables if not known.get(name))


def filled_in(text: str, known: Mapping[str, str]) -> str:
    """The text with its variables' values. Raises KeyError."""
    return _VARIABLE.sub(lambda match: known[match[1]], text)


def schema_text() -> str:
    """The file's JSON Schema, for editors."""
    return json.dumps(ProviderFile.model_json_schema(), indent=2) + "\n"


def _where(loc: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".") or "file"


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _compiled(name: str, path: str | None) -> None:
    import jmespath  # noqa: PLC0415 - only who describes providers needs it
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415

    if path is None:
        return
    try:
        jmespath.compile(path)
    except JMESPathError as error:
        raise ValueError(f"{name}: {path!r} is no JMESPath: {str(error).splitlines()[0]}") from error
