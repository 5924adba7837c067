"""Draws a brief as a Slack message (Block Kit). Never decides what is said; `message_states` has what becomes of it later.

    header · context (deadline, owner, source) · section of bullets · actions

A stranger's words cannot do anything here: `&`, `<`, `>` are escaped, mentions, links, channels and emoji codes are
broken by a zero-width space, marks of formatting are replaced by their look-alikes, line breaks by spaces.
Limits: https://docs.slack.dev/reference/block-kit/blocks (header 150, text 3,000, 50 blocks, 25 elements); all blocks
together: https://github.com/slackapi/bolt-js/issues/2509 (about 13,000 characters). No brief goes beyond them: a line has
LINE characters at most, all lines ALL_LINES, and what does not fit is cut.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeAlias

from graph.domain.brief import Brief, Bullet, Part
from graph.rules.wording import first_name

Message: TypeAlias = dict[str, Any]
Block: TypeAlias = dict[str, Any]

HEADER, TEXT, QUOTE, NOTIFICATION = 150, 3_000, 200, 600
"""Characters at most: a header, a text object, a stranger's own words, the text of a notification."""
LINE, ALL_LINES, NAME = 900, 9_000, 200
"""Characters of mark-up at most: one bullet, all of them, a name in the context line. Ours: half of them do in practice."""
URL, BLOCK_ID = 3_000, 255
GROWTH = 5
"""One character becomes five at most, `&amp;`."""
GAP = "  |  "
FEEDBACK = {
    "score_high": "Score is too high",
    "score_low": "Score is too low",
    "bad_match": "Wrong company match",
    "spam": "Spam",
}
"""Codes and words of the overflow menu."""

_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
_LIVE = re.compile(
    r"[@#.:*~`_](?:(?<=[*~`])|(?<=[@#])(?=\w)|(?<=\w\.)(?=[^\W\d_])|(?<=:)(?=[^\d\s])|(?<=:)(?<!\d:)(?=\d)"
    r"|(?<=_)(?:(?<![^\W_]_)|(?![^\W_])))"
)  # begins with the set, by which the search skips everything else
_EMOJI = re.compile(r":(?=[\w+'-]+:)")
_ALIKE = {"*": "\u2217", "~": "\u223c", "`": "\u2018", "_": "\uff3f"}  # none a letter: "#" before one is no channel
_SLACK_USER = re.compile(r"[A-Z0-9]{3,20}")
_FALLBACK = re.compile(r"[<>|&\n]")
_ENDS_A_LINK = re.compile(r"[<>|\s]")
_OPTIONS = [{"text": {"type": "plain_text", "text": text}, "value": code} for code, text in FEEDBACK.items()]


def _broken(found: re.Match[str]) -> str:
    mark = found[0]
    return _ALIKE.get(mark) or f"{mark}\u200b"


def one_line(text: str, limit: int) -> str:
    """At most `limit` characters on one line, without what is invisible or reverses the direction of writing. Counted as
    JavaScript and Java count: an emoji is two."""
    if len(text) > limit:
        text = text[: 4 * limit]  # a bound for the work below, generous to white space
    if not text.isprintable() or "  " in text:
        text = _SPACES.sub(" ", _HARMFUL.sub(" ", text))
    if _fits(text, limit):
        return text
    text = text[: limit - 1]
    if not text.isascii():
        text = text.encode("utf-16-le", "replace")[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    return text.rstrip() + "…"


def width(text: str) -> int:
    """Characters as Slack counts them: one beyond the first 65,536 of Unicode is two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _fits(text: str, limit: int) -> bool:
    """Half the limit is room for any text."""
    return 2 * len(text) <= limit or width(text) <= limit


def escaped(text: str, limit: int = TEXT) -> str:
    """Text of any origin as mrkdwn that shows it as it was typed, in at most `limit` characters of mrkdwn."""
    shown = _escape(one_line(text, limit))
    return shown if _fits(shown, limit) else _escape(one_line(text, limit // GROWTH))


_word = lru_cache(4096)(escaped)
"""The same for the few short texts that stand in every message: colleagues, sources, durations."""


def _escape(line: str) -> str:
    if "&" in line or "<" in line or ">" in line:
        line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LIVE.sub(_broken, line)


def _headline(text: str) -> str:
    """Plain text, in which Slack reads emoji codes alone; without angle brackets, so that no reader has to escape."""
    shown = one_line(text, HEADER).replace("<", "‹").replace(">", "›")
    return one_line(_EMOJI.sub(":\u200b", shown), HEADER) if ":" in shown else shown


def drawn_part(part: Part, room: int) -> str:
    """A part as mrkdwn, in `room` characters as far as its kind allows: longer is who asks to leave it out."""
    if part.kind == "own":
        return part.text
    if part.kind == "text":
        return escaped(part.text, room)
    if part.kind == "quote":
        return f'"{escaped(one_line(part.text, QUOTE).replace(chr(34), chr(39)), room)}"'
    if part.kind == "code":
        name = one_line(part.text, QUOTE).replace("`", _ALIKE["`"])
        return f"`{name.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}`"
    if part.kind == "link":
        return _link(part, room)
    return moment_text(part)


def _link(part: Part, room: int) -> str:
    """A link of our own; an address that is none, or could end the mark-up, is not linked."""
    text = escaped(part.text, room)
    if len(part.url) + len(text) > room - 20:
        return text
    if not part.url.startswith(("https://", "http://")) or _ENDS_A_LINK.search(part.url):
        return text
    return f"<{part.url.replace('&', '&amp;')}|{text}>"


@lru_cache(1024)
def moment_text(part: Part) -> str:
    """Slack shows it in the reader's own zone; the text stands where it cannot."""
    if part.at is None:
        return escaped(part.text)
    shape = "{time}" if part.kind == "time" else "{date_short_pretty} at {time}"
    return f"<!date^{int(part.at.timestamp())}^{shape}|{_FALLBACK.sub('', part.text)[:60]}>"


def _line(bullet: Bullet) -> str:
    room = LINE - 60
    texts = []
    for part in bullet.parts:
        text = drawn_part(part, room)
        if (size := width(text)) > room:
            break
        room -= size
        texts.append(text)
    return f"• *{bullet.label[:40]}:* {''.join(texts)}"


def sections(lines: list[str]) -> list[Block]:
    """One section as a rule; more where very long names would not fit. Lines beyond ALL_LINES characters are left out."""
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in _texts(lines)]


def small(lines: list[str]) -> list[Block]:
    """The same in context blocks, which Slack draws small and grey."""
    return [{"type": "context", "elements": [{"type": "mrkdwn", "text": text}]} for text in _texts(lines)]


def _texts(lines: list[str]) -> list[str]:
    whole = "\n".join(lines)
    if lines and _fits(whole, TEXT):  # nearly always
        return [whole]
    texts: list[str] = []
    left, room = ALL_LINES, 0
    for line in lines:
        size = width(line) + 1
        left -= size + line.count('"') + line.count("\\")  # two characters each in JSON
        if left < 0:
            break
        if size <= room:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
            room = TEXT + 1
        room -= size
    return texts


def _context(brief: Brief) -> Block:
    owner = f"<@{brief.slack}>" if brief.slack and _SLACK_USER.fullmatch(brief.slack) else first_name(brief.owner)
    facts = [
        f"for {owner if owner.startswith('<@') else _word(owner, NAME)}",
        f"{_word(brief.asked, NAME)}, {moment_text(brief.received)}",
    ]
    if brief.deadline is not None:
        clock = f", {_word(brief.clock, 40)} clock" if brief.clock else ""
        facts.insert(0, f"*Accept by {moment_text(brief.deadline)}* ({_word(brief.wait, 40)}{clock})")
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": GAP.join(facts)}]}


def button(action: str, text: str, value: str) -> Block:
    return {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": text},
        "value": value,
    }


def _actions(brief: Brief, block_id: str) -> Block:
    value = f"{brief.lead_id}:{brief.assignment}"
    elements = [
        {"type": "button", "style": "primary", **button("lead.accept", "Accept", value)},
        button("lead.pass", "Pass…", value),
        button("lead.why", "Why me?", value),
    ]
    if 0 < len(brief.crm_url) <= URL:
        elements.append({**button("lead.crm", "Open in CRM", value), "url": brief.crm_url})
    elements.append({"type": "overflow", "action_id": "lead.more", "options": _OPTIONS})
    return {"type": "actions", "block_id": block_id[:BLOCK_ID], "elements": elements}


def message_of(brief: Brief, update: int | None = None) -> Message:
    """The body of chat.postMessage without the channel; with `update` (a revision) that of a later chat.update, whose
    block needs an id of its own."""
    block_id = f"lead:{brief.lead_id}:{brief.assignment}" + (f":{update}" if update is not None else "")
    return {
        "text": escaped(brief.summary, NOTIFICATION),
        "unfurl_links": False,
        "metadata": {
            "event_type": "lead_assigned",
            "event_payload": {"lead_id": brief.lead_id, "assignment": brief.assignment, "receipt": brief.receipt},
        },
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": _headline(brief.header)}},
            _context(brief),
            *sections([_line(bullet) for bullet in brief.bullets]),
            _actions(brief, block_id),
        ],
    }
