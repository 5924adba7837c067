"""The form in which an owner says why they pass a lead on. What is typed in it comes back in a `view_submission`."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from graph.rules.passing import DETAIL, PASS_REASONS
from tools.web.slack.payloads import About, View

PASSING: Final = "lead.pass"


def pass_form(about: About, title: str, today: date) -> dict[str, Any]:
    """The body of views.open. title: which lead it is, as plain text. https://docs.slack.dev/reference/views/modal-views"""
    options = [_option(words.capitalize(), code) for code, words in PASS_REASONS.items()]
    return {
        "type": "modal",
        "callback_id": PASSING,
        "private_metadata": about.model_dump_json(),
        "title": _plain("Pass this lead on"),
        "submit": _plain("Pass it on"),
        "close": _plain("Keep it"),
        "blocks": [
            {"type": "section", "block_id": "lead", "text": _plain(title[:150] or "This lead")},
            _input("reason", "Why do you pass it on?", {"type": "radio_buttons", "options": options}),
            _input(
                "until",
                "Until when do you need cover?",
                {"type": "datepicker"},
                optional=True,
                hint=f"For “{PASS_REASONS['cover']}”: today is {today.isoformat()}.",
            ),
            _input(
                "detail",
                "For the next owner",
                {"type": "plain_text_input", "max_length": DETAIL, "multiline": False},
                optional=True,
            ),
        ],
    }


def passed_with(view: View) -> tuple[str, str, date | None]:
    """(code of the reason, what was typed, the day) of a form that was sent; ValueError for a day that is none."""
    reason, until = view.given("reason").selected_option, view.given("until").selected_date
    return (
        reason.value if reason is not None else "",
        view.given("detail").value or "",
        date.fromisoformat(until) if until else None,
    )


def _input(name: str, label: str, element: dict[str, Any], *, optional: bool = False, hint: str = "") -> dict[str, Any]:
    block = {
        "type": "input",
        "block_id": name,
        "label": _plain(label),
        "optional": optional,
        "element": {**element, "action_id": name},
    }
    return block | ({"hint": _plain(hint)} if hint else {})


def _option(text: str, value: str) -> dict[str, Any]:
    return {"text": _plain(text), "value": value}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
