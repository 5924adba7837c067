"""Meta lead ads (Facebook, Instagram): the notification names a lead, whose fields the Graph API gives; signed with the
app's secret. Meta tries the URL first and wants its challenge back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

import httpx

from tools.web.answers import Answer, Refused
from tools.web.forms.digging import foreign, inner, kept, objects_of, text_of, time_of
from tools.web.forms.fetching import get_object
from tools.web.forms.flattening import flatten
from tools.web.forms.signatures import digest, must_fit
from tools.web.forms.vendor import Access, Delivery, Ignored, Incoming, Item, Payload, Vendor, Wanted

FIELDS: Final = (
    "id,created_time,ad_id,ad_name,adset_name,campaign_id,campaign_name,form_id,is_organic,platform,field_data,"
    "custom_disclaimer_responses"
)
_CHALLENGE = re.compile(r"[\w-]{1,200}", re.ASCII)
_TEST = "<test lead:"


def check(incoming: Incoming, access: Access) -> None:
    """`X-Hub-Signature-256: sha256=` and the hexadecimal HMAC of the body. There is no time in it: a notification that comes
    again is known by its lead."""
    expected = ("sha256=" + digest(secret, incoming.raw).hex() for secret in access.secrets)
    must_fit(incoming.headers.get("x-hub-signature-256"), expected, "The header X-Hub-Signature-256")


def challenge(query: Mapping[str, str], access: Access) -> Answer:
    """Meta's own words are sent back once it has said ours."""
    if not access.verify_token:
        raise Refused(401, "no_verify_token", "Set FORM_VERIFY_TOKEN, and give Meta the same word.")
    must_fit(query.get("hub.verify_token"), (access.verify_token,), "hub.verify_token", "FORM_VERIFY_TOKEN")
    said = query.get("hub.challenge", "")
    if query.get("hub.mode") != "subscribe" or _CHALLENGE.fullmatch(said) is None:
        problem = {"field": "hub.challenge", "problem": "missing or no plain word", "fix": "send what Meta sends"}
        raise Refused(422, "bad_challenge", "hub.mode must be subscribe and hub.challenge a word.", fields=(problem,))
    return Answer(200, said.encode(), ((b"content-type", b"text/plain; charset=utf-8"),))


def read(payload: Payload) -> Sequence[Item]:
    if not isinstance(payload.get("entry"), list):
        raise foreign("entry", "Meta")
    found: list[Item] = []
    for entry in objects_of(payload, "entry"):
        for change in objects_of(entry, "changes"):
            lead = text_of(inner(change, "value"), "leadgen_id")
            if change.get("field") == "leadgen" and lead is not None:
                found.append(Wanted(lead))
    return found or [Ignored("no lead of a form")]


async def fetch(client: httpx.AsyncClient, access: Access, key: str) -> Payload:
    """The token goes as a header and not in the URL, which logs would keep."""
    proof = f"&appsecret_proof={digest(access.secrets[0], access.token.encode()).hex()}" if access.secrets else ""
    url = f"{access.api_url}/{quote(key, safe='')}?fields={FIELDS}{proof}"
    return await get_object(client, url, {"authorization": f"Bearer {access.token}"}, "Meta")


def complete(payload: Payload) -> Item:
    flat = flatten({"field_data": payload.get("field_data")})
    if any(isinstance(value, str) and value.startswith(_TEST) for value in flat.values()):
        return Ignored("a lead of Meta's testing tool")
    boxes = {str(each.get("checkbox_key")): str(each.get("is_checked")) in ("1", "True", "true")
             for each in objects_of(payload, "custom_disclaimer_responses")}  # fmt: skip
    form = text_of(payload, "form_id") or ""
    about = ("campaign_id", "campaign_name", "adset_name", "ad_id", "ad_name", "platform")
    return Delivery(
        flat,
        event_id=text_of(payload, "id"),
        submitted_at=time_of(payload, "created_time"),
        form=form,
        consent=None if len(set(boxes.values())) != 1 else next(iter(boxes.values())),
        kept=kept(
            form_id=form,
            **{name: text_of(payload, name) for name in about},
            **{f"disclaimer_{name}": ticked for name, ticked in boxes.items()},
        ),
    )


VENDOR = Vendor(
    name="meta",
    title="Meta lead ads",
    proof="X-Hub-Signature-256: HMAC-SHA256 of the body with the app's secret",
    check=check,
    read=read,
    challenge=challenge,
    api_url="https://graph.facebook.com/v26.0",
    fetch=fetch,
    complete=complete,
)
