"""The graph as Mermaid text, from the compiled graph itself: README shows what runs."""

from __future__ import annotations

from graph.build import build_graph


def mermaid() -> str:
    """Mermaid's flowchart syntax; the dotted edges are the conditional ways."""
    return build_graph().get_graph().draw_mermaid(with_styles=False).strip() + "\n"
