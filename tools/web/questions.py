"""GET /webhooks/lead/{lead_id}/next-question: what the marketing form may ask this person next, on its thank-you page or when
they come back.

Needs no token, as the form's own POST: a lead id is keyed, so that nobody finds one by an address (infra/docs/adr/0005). It
tells the question and nothing of the person: no value that is known, none that was typed, no reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import pycountry
from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from sqlalchemy import Engine

from graph.domain.profiling import AskedField
from graph.rules.firmographics import INDUSTRIES
from tools.observe import metrics
from tools.store.queries import record_json
from tools.web.admin import storable

COUNTRIES = tuple(sorted(country.alpha_2 for country in pycountry.countries))
BUILT_IN: Mapping[AskedField, tuple[str, ...]] = {"country": COUNTRIES, "industry": INDUSTRIES}
"""Vocabularies that are not repeated in the file of wordings."""
ENGLISH = "en"


class Wording(BaseModel):
    """wording: a key for whoever translates; choices: values to post as they are; text: by language."""

    model_config = ConfigDict(extra="forbid")

    wording: str | None = None
    input: Literal["text", "choice"] | None = None
    choices: list[str] | None = None
    text: dict[str, str] | None = None


_FILE: TypeAdapter[dict[AskedField, Wording | Literal[False]]] = TypeAdapter(dict[AskedField, Wording | Literal[False]])


class BadQuestions(ValueError):
    """The file of wordings cannot be used; the text says what to mend."""


class Questions:
    """The built-in wordings with those of a file over them, field by field. `false` in the file: never ask for it."""

    def __init__(self, path: Path | None = None) -> None:
        """Raises BadQuestions."""
        built_in = files("graph.rules").joinpath("data", "questions.json").read_bytes()
        self._wordings = dict(_FILE.validate_json(built_in))
        for name, given in (_read(path) if path is not None else {}).items():
            held = self._wordings[name]
            if given is False or held is False:
                self._wordings[name] = given
            else:
                changed = given.model_dump(exclude_none=True)
                texts = (held.text or {}) | (given.text or {})
                self._wordings[name] = Wording(**held.model_dump(exclude_none=True) | changed | {"text": texts})

    def of(self, field: AskedField, language: str) -> dict[str, Any] | None:
        """The question as a form needs it, in this language or English; None where the file says not to ask."""
        wording = self._wordings[field]
        if wording is False:
            return None
        text = wording.text or {}
        return {
            "field": field,
            "wording": wording.wording,
            "text": text.get(language) or text.get(language.partition("-")[0]) or text.get(ENGLISH),
            "input": wording.input,
            "choices": list(wording.choices or BUILT_IN.get(field, ())) if wording.input == "choice" else [],
        }


def _read(path: Path) -> dict[AskedField, Wording | Literal[False]]:
    try:
        return _FILE.validate_json(path.read_bytes())
    except OSError as error:
        raise BadQuestions(f"QUESTIONS_FILE {path}: {error.strerror}; name a file that can be read") from None
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in found["loc"]) or "the file"
        raise BadQuestions(f"QUESTIONS_FILE {path}: {where}: {found['msg']}") from None


def question_router(engine: Engine, questions: Questions) -> APIRouter:
    router = APIRouter(prefix="/webhooks/lead", tags=["intake"])

    @router.get("/{lead_id}/next-question", responses={404: {"description": "No such lead, or not decided yet."}})
    def next_question(
        lead_id: str,
        response: Response,
        lang: Annotated[str, Query(max_length=35, pattern=r"^[A-Za-z0-9-]*$")] = ENGLISH,
    ) -> dict[str, Any]:
        """One question, or null. Post the answer as a new submission of the same person: their address, the field, and
        `asked` = the field, so that a blank is counted and the question is not put for ever."""
        record = record_json(engine, storable(lead_id))
        if record is None:
            raise HTTPException(
                404, "No decision of this lead is recorded; a lead that was just posted has one in a moment."
            )
        found = orjson.loads(record)["next_question"]
        question = None if found is None else questions.of(found["field"], lang)
        if question is not None:
            metrics.questions_shown.labels(question["field"]).inc()
        response.headers["Cache-Control"] = "no-store"
        return {"question": question}

    return router
