"""Each rule of OpenAI that we hold requests against refuses something: the good request with one thing changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.servers.openai_rules import fault_of, schema_fault

CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"
TEXT: dict[str, Any] = {"type": "string"}
CLOSED = {"type": "object", "properties": {"a": TEXT}, "required": ["a"], "additionalProperties": False}


def closed(a: Any, **changed: Any) -> dict[str, Any]:
    schema = CLOSED | {"properties": {"a": a}} | changed
    return {name: value for name, value in schema.items() if value is not None}


def nested(levels: int) -> dict[str, Any]:
    return closed(TEXT if levels == 1 else nested(levels - 1))


def strict(schema: Any = CLOSED, **changed: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema} | changed}


def chat(**changed: Any) -> dict[str, Any]:
    good = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": False, "temperature": 0.0}
    return {name: value for name, value in (good | {"response_format": strict()} | changed).items() if value is not ...}


def tool(schema: Any = CLOSED, chosen: str = "f") -> dict[str, Any]:
    function = {"name": "f", "parameters": schema, "strict": True}
    choice = {"type": "function", "function": {"name": chosen}}
    return chat(response_format=..., tools=[{"type": "function", "function": function}], tool_choice=choice)


def said(content: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


GOOD_SCHEMAS: dict[str, dict[str, Any]] = {
    "closed": CLOSED,
    "nullable": closed({"type": ["string", "null"]}),
    "a choice": closed({"enum": ["a", "b"], "type": "string"}),
    "a list with bounds": closed({"type": "array", "items": TEXT, "maxItems": 6}),
    "a number with bounds": closed({"type": "number", "minimum": 0, "maximum": 1}),
    "a reference": closed({"$ref": "#/$defs/x"}, **{"$defs": {"x": CLOSED}}),
    "a reference to itself": closed({"anyOf": [{"$ref": "#"}, {"type": "null"}]}),
    "ten levels": nested(10),
}
BAD_SCHEMAS: dict[str, dict[str, Any]] = {
    "no object": {"type": "array", "items": TEXT},
    "anyOf at the root": CLOSED | {"anyOf": [CLOSED]},
    "open": closed(TEXT, additionalProperties=True),
    "not said to be closed": closed(TEXT, additionalProperties=None),
    "a property that may be left out": closed(TEXT, required=[]),
    "requires what is not there": closed(TEXT, required=["a", "b"]),
    "open within": closed(closed(TEXT, additionalProperties=None)),
    "open within a list": closed({"type": "array", "items": closed(TEXT, required=[])}),
    "open among the definitions": closed(TEXT, **{"$defs": {"x": closed(TEXT, required=[])}}),
    "open within a choice": closed({"anyOf": [closed(TEXT, additionalProperties=None), {"type": "null"}]}),
    "allOf": closed({"allOf": [TEXT]}),
    "a default": closed(TEXT | {"default": "x"}),
    "a length": closed(TEXT | {"maxLength": 5}),
    "no type": closed({}),
    "an unknown type": closed({"type": "text"}),
    "a list of anything": closed({"type": "array"}),
    "a reference with more": closed({"$ref": "#/$defs/x", "description": "x"}, **{"$defs": {"x": CLOSED}}),
    "a reference to nothing": closed({"$ref": "#/$defs/y"}),
    "eleven levels": nested(11),
    "too many choices": closed({"type": "string", "enum": [str(n) for n in range(1_001)]}),
    "too long": closed({"type": "string", "enum": ["x" * 120_001]}),
}


@pytest.mark.parametrize("schema", GOOD_SCHEMAS.values(), ids=GOOD_SCHEMAS)
def test_a_form_that_openai_documents_is_taken(schema: dict[str, Any]) -> None:
    assert schema_fault(schema) is None
    assert fault_of(CHAT, chat(response_format=strict(schema))) is None
    assert fault_of(CHAT, tool(schema)) is None


@pytest.mark.parametrize("schema", BAD_SCHEMAS.values(), ids=BAD_SCHEMAS)
def test_a_form_that_openai_cannot_hold_a_model_to_is_refused(schema: dict[str, Any]) -> None:
    assert schema_fault(schema) is not None
    assert fault_of(CHAT, chat(response_format=strict(schema))) is not None
    assert fault_of(CHAT, tool(schema)) is not None


GOOD: dict[str, tuple[str, Any]] = {
    "a strict form": (CHAT, chat()),
    "no form": (CHAT, chat(response_format=...)),
    "any json, asked for": (CHAT, chat(response_format={"type": "json_object"}, messages=said("as JSON"))),
    "a function": (CHAT, tool()),
    "vectors": (EMBEDDINGS, {"model": "m", "input": ["a"], "dimensions": 16, "encoding_format": "float"}),
    "one vector": (EMBEDDINGS, {"model": "m", "input": "a"}),
}
BAD: dict[str, tuple[str, Any]] = {
    "no object": (CHAT, [1]),
    "another path": ("/v1/chat", chat()),
    "no model": (CHAT, chat(model="")),
    "no messages": (CHAT, chat(messages=[])),
    "a role of its own": (CHAT, chat(messages=[{"role": "boss", "content": "x"}])),
    "content that is no text": (CHAT, chat(messages=[{"role": "user", "content": 5}])),
    "empty content": (CHAT, chat(messages=said(""))),
    "a stream": (CHAT, chat(stream=True)),
    "too warm": (CHAT, chat(temperature=2.1)),
    "an argument of its own": (CHAT, chat(structured=True)),
    "json, not asked for": (CHAT, chat(response_format={"type": "json_object"})),
    "a form without a name": (CHAT, chat(response_format=strict(name=None))),
    "a form with a name of two words": (CHAT, chat(response_format=strict(name="an opinion"))),
    "a form that is not strict": (CHAT, chat(response_format=strict(strict=False))),
    "a form without a schema": (CHAT, chat(response_format=strict(schema=None))),
    "an unknown form": (CHAT, chat(response_format={"type": "xml"})),
    "a choice of another function": (CHAT, tool(chosen="g")),
    "a choice without functions": (CHAT, chat(tool_choice="auto")),
    "no texts": (EMBEDDINGS, {"model": "m", "input": []}),
    "an empty text": (EMBEDDINGS, {"model": "m", "input": [""]}),
    "a number": (EMBEDDINGS, {"model": "m", "input": [5]}),
    "too many texts": (EMBEDDINGS, {"model": "m", "input": ["a"] * 2_049}),
    "no dimensions": (EMBEDDINGS, {"model": "m", "input": ["a"], "dimensions": 0}),
    "an unknown encoding": (EMBEDDINGS, {"model": "m", "input": ["a"], "encoding_format": "hex"}),
}


@pytest.mark.parametrize(("path", "body"), GOOD.values(), ids=GOOD)
def test_a_good_request_is_taken(path: str, body: Any) -> None:
    assert fault_of(path, body) is None


@pytest.mark.parametrize(("path", "body"), BAD.values(), ids=BAD)
def test_a_bad_one_is_refused(path: str, body: Any) -> None:
    assert fault_of(path, body) is not None
