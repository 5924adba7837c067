"""Reads back every lead's contact, task and company from the CRM and says what differs. Leads whose writes are still under
way are passed over. With --fix the writes are asked for again through the outbox, and a lead whose owner was changed in the
CRM follows."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tools.reconciling import Compared, Difference
    from tools.settings import Settings

SHOWN = 50


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fix", action="store_true", help="have the writes made again, by the running dispatcher")
    parser.add_argument("--all", action="store_true", help=f"show all differences, not the first {SHOWN}")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0: nothing differs; 1: something does, mended or not; 2: the CRM does not answer."""
    from graph.ports import VendorError
    from tools.cli.ml.progress import Bar
    from tools.cli.rules.editing import store_of
    from tools.reconciling import Compared, differences, mend

    bar, compared, now = Bar(), Compared(), datetime.now(UTC)
    with store_of(settings) as engine:
        try:
            audit = audit_of(engine, settings)
            found = list(differences(engine, audit, compared, now, lambda share: bar("comparing leads", share)))
        except VendorError as error:
            bar.done()
            print(f"the CRM does not answer: {error}; nothing was changed", file=sys.stderr)
            return 2
        bar.done()
        mended = mend(engine, found, now) if arguments.fix else None
    if arguments.json:
        print(_json(found, compared, mended))
    else:
        print("\n".join(_lines(found, compared, mended, shown=len(found) if arguments.all else SHOWN)))
    return 1 if found else 0


def audit_of(engine: Engine, settings: Settings) -> Any:
    """Implements `tools.crm_audit.CrmAudit`."""
    if settings.crm == "live":
        from tools.hubspot.audit import HubSpotAudit
        from tools.wiring import hubspot_calls

        return HubSpotAudit(hubspot_calls(settings, retries=4))
    from tools.embedded.crm_audit import EmbeddedAudit

    return EmbeddedAudit(engine)


def _lines(found: list[Difference], compared: Compared, mended: tuple[int, int] | None, *, shown: int) -> list[str]:
    lines = [f"{one.lead_id}  {one.what}: {one.told}" for one in found[:shown]]
    if len(found) > shown:
        lines.append(f"... {len(found) - shown:,} more: --all shows them")
    kinds = ", ".join(f"{count:,} {what}" for what, count in Counter(one.what for one in found).most_common())
    waiting = f"; {compared.waiting:,} still being written were passed over" if compared.waiting else ""
    lines.append(f"{compared.leads:,} leads compared{waiting}. {'Differences: ' + kinds if found else 'None differs'}.")
    if mended is not None:
        lines.append(f"{mended[0]:,} writes asked for again, {mended[1]:,} leads follow their owner in the CRM.")
    elif found:
        lines.append("`crm reconcile --fix` has them written again.")
    return lines


def _json(found: list[Difference], compared: Compared, mended: tuple[int, int] | None) -> str:
    import orjson

    told = {
        "leads": compared.leads,
        "waiting": compared.waiting,
        "differences": [{"lead_id": one.lead_id, "what": one.what, "told": one.told} for one in found],
        "written_again": None if mended is None else mended[0],
        "follow": None if mended is None else mended[1],
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
