"""The quiet line about a hot lead in the team's channel: who has it, and until when. Mentions nobody, has no buttons."""

from __future__ import annotations

from graph.domain.brief import Brief
from graph.domain.telling import PostLine
from graph.rules.blocks import GAP, NAME, NOTIFICATION, escaped, moment_text, small
from graph.rules.wording import first_name


def line_of(brief: Brief, channel: str | None) -> PostLine:
    """channel: of the pool; None for the channel of the settings."""
    headline = escaped(brief.header, NOTIFICATION)
    facts = [f"*{headline}*", f"with {escaped(first_name(brief.owner), NAME)}", escaped(brief.asked, NAME)]
    if brief.deadline is not None:
        facts.append(f"accept by {moment_text(brief.deadline)}")
    about = {"lead_id": brief.lead_id, "assignment": brief.assignment, "receipt": brief.receipt}
    message = {
        "text": f"{headline}, with {escaped(first_name(brief.owner), NAME)}",
        "unfurl_links": False,
        "metadata": {"event_type": "lead_line", "event_payload": about},
        "blocks": small([GAP.join(facts)]),
    }
    return PostLine(channel, message)
