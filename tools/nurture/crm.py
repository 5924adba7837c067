"""Sequences that run in HubSpot: an enrolment sets the property `lead_router_sequence` of the contact, and a workflow there
does the rest.

HubSpot's own call that enrols a contact acts for one of its users, who needs a seat with sequences and a connected mailbox
(https://developers.hubspot.com/docs/api-reference/2026-03/automation/sequences/guide); owners here may be desks without either. A
workflow has neither limit. The enrolment is kept in our store too, so that a contact is enrolled once for life.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import httpx

from graph.domain.effects import EnrolNurture
from graph.ports import Order, Performer, Receipt, VendorError

PROPERTY: Final = "lead_router_sequence"
_DEFINITION: Final = {
    "name": PROPERTY,
    "label": "Lead router sequence",
    "type": "string",
    "fieldType": "text",
    "groupName": "contactinformation",
    "description": "The sequence that the lead router wants for this contact; a workflow listens to it.",
}


class HubSpotNurture:
    """Implements Performer for "nurture". kept: keeps the enrolments; it decides whether one is new."""

    def __init__(self, token: str, kept: Performer, *, base_url: str, deadline_s: float = 10.0) -> None:
        self._kept = kept
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/"), headers={"Authorization": f"Bearer {token}"}, timeout=deadline_s
        )

    async def perform(self, order: Order) -> Receipt:
        """Setting the property again changes nothing, so that an attempt after an unknown outcome is harmless. Raises
        VendorError; a contact that is not there yet is tried again."""
        effect = order.effect
        if not isinstance(effect, EnrolNurture):
            raise VendorError("unsupported_effect", f"HubSpot's sequences perform no {effect.kind}", permanent=True)
        receipt = await self._kept.perform(order)
        if receipt.repeated and receipt.external_id != order.key:
            return receipt
        status = (receipt.detail or {}).get("status")
        if status == "CANCELLED":
            return receipt
        await self._set(effect.contact_key, effect.sequence)
        return receipt

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _set(self, contact_key: str, sequence: str) -> None:
        if "@" not in contact_key:
            raise VendorError("no_address", "a contact without an e-mail address is in no sequence", permanent=True)
        body = {"properties": {PROPERTY: sequence}}
        path = f"/crm/v3/objects/contacts/{quote(contact_key, safe='')}?idProperty=email"
        answer = await self._call("PATCH", path, body)
        if answer.status_code == 400 and "PROPERTY_DOESNT_EXIST" in answer.text:
            made = await self._call("POST", "/crm/v3/properties/contacts", _DEFINITION)
            if made.status_code not in {200, 201, 409}:
                raise _failure(made)
            answer = await self._call("PATCH", path, body)
        if answer.status_code == 404:
            raise VendorError("no_contact", "the contact is not in HubSpot yet")
        if answer.status_code >= 300:
            raise _failure(answer)

    async def _call(self, method: str, path: str, body: Any) -> httpx.Response:
        try:
            return await self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise VendorError("unreachable", type(error).__name__) from None


def _failure(answer: httpx.Response) -> VendorError:
    """Without the answer's text, which quotes what was sent."""
    status = answer.status_code
    wait = answer.headers.get("retry-after", "")
    passing = status == 429 or status >= 500
    return VendorError(
        "limited" if status == 429 else f"http_{status}",
        retry_after_s=float(wait) if wait.isdigit() else None,
        permanent=not passing,
    )
