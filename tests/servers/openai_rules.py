"""What OpenAI refuses of a request, as far as we send such: chat completions with a form for the answer, and embeddings.

Rules of strict forms: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas. Limits of a request:
https://platform.openai.com/docs/api-reference/chat/create. More than OpenAI's is one rule: we never stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

PROPERTIES, LEVELS, ENUMS, TEXT = 5_000, 10, 1_000, 120_000
INPUTS, DIMENSIONS = 2_048, 3_072
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ROLES: Final = {"system", "developer", "user", "assistant", "tool"}
_CHAT: Final = {
    "model", "messages", "response_format", "stream", "temperature", "tools", "tool_choice", "parallel_tool_calls",
    "max_tokens", "max_completion_tokens", "top_p", "n", "seed", "stop", "user", "store", "metadata", "reasoning_effort",
    "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs", "logit_bias", "stream_options", "service_tier",
}  # fmt: skip
_EMBEDDINGS: Final = {"model", "input", "dimensions", "encoding_format", "user"}
_TYPES: Final = {"string", "number", "boolean", "integer", "object", "array", "null"}
_COMPOSED: Final = {"allOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else"}
_KNOWN: Final = {
    "type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "$ref", "$defs", "definitions",
    "title", "description", "pattern", "format", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
    "minItems", "maxItems",
}  # fmt: skip


def fault_of(path: str, body: Any) -> str | None:
    """Why OpenAI refuses this body at this path, or we must not send it; None for a good one."""
    if not isinstance(body, dict):
        return "We could not parse the JSON body of your request."
    if not isinstance(body.get("model"), str) or not body["model"]:
        return "you must provide a model parameter"
    if path.endswith("/embeddings"):
        return _embeddings_fault(body)
    if path.endswith("/chat/completions"):
        return _chat_fault(body)
    return f"Invalid URL ({path})"


def _chat_fault(body: dict[str, Any]) -> str | None:
    if unknown := body.keys() - _CHAT:
        return f"Unrecognized request argument supplied: {min(unknown)}"
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "[] is too short - 'messages'"
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            return "Invalid value: 'messages[].role'."
        if not isinstance(message.get("content"), str) or not message["content"]:
            return "Invalid value: 'messages[].content' is no text."
    if body.get("stream") not in (None, False):
        return "we do not stream"
    warmth = body.get("temperature", 1)
    if isinstance(warmth, bool) or not isinstance(warmth, int | float) or not 0 <= warmth <= 2:
        return "Invalid 'temperature': expected a value between 0 and 2."
    return _form_fault(body.get("response_format"), messages) or _tools_fault(body)


def _form_fault(form: Any, messages: list[dict[str, Any]]) -> str | None:
    match form:
        case None | {"type": "text"}:
            return None
        case {"type": "json_object"}:
            if any("json" in message["content"].lower() for message in messages):
                return None
            return (
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
            )
        case {"type": "json_schema", "json_schema": {"name": str(name), "schema": dict(schema), **more}}:
            if not _NAME.fullmatch(name) or more.keys() - {"strict", "description"}:
                return "Invalid 'response_format.json_schema'."
            return (
                schema_fault(schema) if more.get("strict") is True else "a form that is not strict holds nobody to it"
            )
    return "Invalid value: 'response_format'."


def _tools_fault(body: dict[str, Any]) -> str | None:
    """As we use tools: one function is the form of the answer, and the model must call it."""
    if "tools" not in body:
        return (
            "Invalid value: 'tool_choice' is only allowed when 'tools' are specified."
            if "tool_choice" in body
            else None
        )
    names = set()
    for tool in body["tools"]:
        match tool:
            case {"type": "function", "function": {"name": str(name), "parameters": dict(parameters), **more}}:
                if not _NAME.fullmatch(name):
                    return "Invalid 'tools[].function.name'."
                if more.get("strict") and (fault := schema_fault(parameters)):
                    return fault
                names.add(name)
            case _:
                return "Invalid value: 'tools[]'."
    match body.get("tool_choice"):
        case {"type": "function", "function": {"name": str(chosen)}} if chosen not in names:
            return "Tool choice names no function of 'tools'."
    return None


def schema_fault(schema: dict[str, Any]) -> str | None:
    """Why a strict form is refused; None for a good one."""
    if schema.get("type") != "object" or "anyOf" in schema:
        return "Invalid schema: schema must be a JSON Schema of 'type: \"object\"'."
    if _levels(schema, schema) > LEVELS:
        return f"Invalid schema: more than {LEVELS} levels of nesting."
    nodes = list(_nodes(schema))
    for node in nodes:
        if (fault := _node_fault(node, schema)) is not None:
            return f"Invalid schema: {fault}"
    named = [name for node in nodes for part in ("properties", "$defs", "definitions") for name in node.get(part, {})]
    chosen = [
        str(value) for node in nodes for value in (*node.get("enum", ()), *([node["const"]] if "const" in node else ()))
    ]
    if sum(len(node.get("properties", {})) for node in nodes) > PROPERTIES or len(chosen) > ENUMS:
        return "Invalid schema: too many properties or enum values."
    return "Invalid schema: too long in all." if sum(map(len, named + chosen)) > TEXT else None


def _node_fault(node: dict[str, Any], root: dict[str, Any]) -> str | None:
    if found := node.keys() & _COMPOSED or node.keys() - _KNOWN:
        return f"'{min(found)}' is not permitted."
    if "$ref" in node:
        if len(node) > 1:
            return f"$ref cannot have keywords {set(node) - {'$ref'}}."
        return None if _referred(node["$ref"], root) is not None else f"reference {node['$ref']} is not found."
    types = node.get("type", ())
    types = {types} if isinstance(types, str) else set(types)
    if types - _TYPES or not (types or node.keys() & {"anyOf", "enum", "const"}):
        return "schema must have a 'type' key."
    if "object" in types:
        if node.get("additionalProperties") is not False:
            return "'additionalProperties' is required to be supplied and to be false."
        if sorted(node.get("required", ())) != sorted(node.get("properties", {})):
            return "'required' is required to be supplied and to be an array including every key in properties."
    return "array schema missing items." if "array" in types and not isinstance(node.get("items"), dict) else None


def _below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from node.get("properties", {}).values()
    yield from node.get("anyOf", ())
    if isinstance(node.get("items"), dict):
        yield node["items"]


def _nodes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    defined = [*schema.get("$defs", {}).values(), *schema.get("definitions", {}).values()]
    for one in (*_below(schema), *defined):
        yield from _nodes(one)


def _referred(reference: str, root: dict[str, Any]) -> dict[str, Any] | None:
    if reference == "#":
        return root
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, dict) and reference.startswith("#/") else None


def _levels(node: dict[str, Any], root: dict[str, Any], seen: tuple[str, ...] = ()) -> int:
    """Objects in objects. A form that refers to itself counts once: that is permitted."""
    if (reference := node.get("$ref")) is not None:
        below = _referred(reference, root)
        return 0 if below is None or reference in seen else _levels(below, root, (*seen, reference))
    own = int("properties" in node)
    return own + max((_levels(one, root, seen) for one in _below(node)), default=0)


def _embeddings_fault(body: dict[str, Any]) -> str | None:
    if unknown := body.keys() - _EMBEDDINGS:
        return f"Unrecognized request argument supplied: {min(unknown)}"
    texts = [body.get("input")] if isinstance(body.get("input"), str) else body.get("input")
    if not isinstance(texts, list) or not 0 < len(texts) <= INPUTS or not all(isinstance(t, str) and t for t in texts):
        return "'$.input' is invalid."
    size = body.get("dimensions", 1)
    if isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= DIMENSIONS:
        return "Invalid value for 'dimensions'."
    return None if body.get("encoding_format", "float") in ("float", "base64") else "Invalid value: 'encoding_format'."
