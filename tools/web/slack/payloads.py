"""What Slack sends, read into types: a click, a form that was sent off, a command. What is malformed is refused by its field;
what somebody typed stays text.

https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Final, Literal, TypeAlias, TypeVar

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

UserId: TypeAlias = Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{1,30}$")]
ChannelId: TypeAlias = Annotated[str, Field(pattern=r"^[CDG][A-Z0-9]{1,30}$")]
Url: TypeAlias = Annotated[str, Field(max_length=500)]
Name: TypeAlias = Annotated[str, Field(max_length=255)]
Word: TypeAlias = Annotated[str, Field(max_length=300)]
T = TypeVar("T")
_VALUE: Final = re.compile(r"([A-Za-z0-9_.-]{1,40}):([0-9]{1,9})")
_BLOCK: Final = re.compile(r"(?:lead|why):([A-Za-z0-9_.-]{1,40}):([0-9]{1,9})(?::.*)?")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class User(_Model):
    id: UserId


class Channel(_Model):
    id: ChannelId


class Option(_Model):
    value: Word


class Action(_Model):
    """A press, or a choice in a menu."""

    action_id: Name
    block_id: Name = ""
    value: Word | None = None
    selected_option: Option | None = None
    selected_user: UserId | None = None

    @property
    def chosen(self) -> str:
        return self.selected_option.value if self.selected_option is not None else ""

    @property
    def about(self) -> tuple[str, int] | None:
        """(lead, assignment): from the button's value, in a menu from its block."""
        found = _VALUE.fullmatch(self.value or "") or _BLOCK.fullmatch(self.block_id)
        return (found[1], int(found[2])) if found else None


class Click(_Model):
    type: Literal["block_actions"]
    user: User
    actions: tuple[Action, ...] = Field(min_length=1, max_length=25)
    trigger_id: Annotated[str, Field(max_length=200)] = ""
    response_url: Url | None = None
    channel: Channel | None = None


class Given(_Model):
    """One field of a form."""

    value: Annotated[str, Field(max_length=3_000)] | None = None
    selected_option: Option | None = None
    selected_date: Annotated[str, Field(max_length=20)] | None = None


class State(_Model):
    values: dict[str, dict[str, Given]] = {}


class View(_Model):
    callback_id: Name
    private_metadata: Annotated[str, Field(max_length=3_000)] = ""
    state: State = State()

    def given(self, field: str) -> Given:
        """What stands in a field: block and element have the same name in our forms."""
        return self.state.values.get(field, {}).get(field) or Given()


class Sent(_Model):
    type: Literal["view_submission"]
    user: User
    view: View


class Closed(_Model):
    """A form that was closed without being sent."""

    type: Literal["view_closed"]


class Command(_Model):
    """The command's fields; `text` is what stands behind its name."""

    command: Annotated[str, Field(max_length=60)] = "/lead"
    text: Annotated[str, Field(max_length=3_000)] = ""
    user_id: UserId
    channel_id: ChannelId | None = None
    response_url: Url | None = None


class About(_Model):
    """What a form of ours carries along."""

    lead_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")]
    number: Annotated[int, Field(ge=1, le=999_999_999)]
    channel: ChannelId | None = None
    by: Annotated[str, Field(max_length=320)]


Payload: TypeAlias = Click | Sent | Closed
_PAYLOAD: Final[TypeAdapter[Payload]] = TypeAdapter(Annotated[Payload, Field(discriminator="type")])
_COMMAND: Final = TypeAdapter(Command)
_ABOUT: Final = TypeAdapter(About)


def read_payload(form: Mapping[str, str]) -> Payload:
    """Of an interaction. Raises HTTPException 400."""
    if "payload" not in form:
        raise HTTPException(400, "payload: is missing; Slack sends the interaction there as JSON.")
    return _read(lambda: _PAYLOAD.validate_json(form["payload"]))


def read_command(form: Mapping[str, str]) -> Command:
    """Raises HTTPException 400."""
    return _read(lambda: _COMMAND.validate_python(dict(form)))


def read_about(view: View) -> About:
    """Raises HTTPException 400."""
    return _read(lambda: _ABOUT.validate_json(view.private_metadata))


def _read(read: Callable[[], T]) -> T:
    try:
        return read()
    except (ValidationError, UnicodeError) as error:
        if not isinstance(error, ValidationError):
            raise HTTPException(400, "payload: holds half a character.") from None
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "payload"
        raise HTTPException(400, f"{where}: {first['msg']}".encode(errors="replace").decode()) from None
