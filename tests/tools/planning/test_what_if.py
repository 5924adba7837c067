"""The past under another file: what was recorded against what would have been."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from graph.ports import Ports
from tests.fixtures.router import NOW, ROUTING, person, settle, the_table
from tools.planning.what_if import differences_under
from tools.routing_file import parse
from tools.store.past import Chosen, past_decisions


async def test_the_past_under_its_own_file_differs_in_nothing_and_under_another_in_what_it_says(
    database: Engine, ports: Ports
):
    for n in range(4):
        await settle(database, ports, person(f"p{n}"), now=NOW + timedelta(minutes=n))
    fay = person("fay", country="France")
    await settle(database, ports, fay, now=NOW + timedelta(hours=1))
    past = list(past_decisions(database))
    moved = parse("\n" + the_table().text, ROUTING.parent)
    assert differences_under(past, moved) == (5, []), "that every line has moved is no difference"
    other = parse(the_table().text.replace('"FR": "france@', '"FR": "paris@'), ROUTING.parent)
    count, (found,) = differences_under(past, other)
    assert (count, found.past.lead_id) == (5, fay.lead_id)
    assert str(found) == f"{fay.lead_id}@1 2026-04-07 15:02: owner france@company.com -> paris@company.com"
    hot = parse(the_table().text.replace('"default_sla": "standard"', '"default_sla": "hot"'), ROUTING.parent)
    told = [
        str(each) for each in differences_under(list(past_decisions(database, Chosen(lead_id=fay.lead_id))), hot)[1]
    ]
    assert told == [f"{fay.lead_id}@1 2026-04-07 15:02: sla standard -> hot"]
