"""LinkedIn lead gen forms: the notification names a response, which LinkedIn's API gives with the form's questions; signed
with the app's secret. LinkedIn tries the URL first, and again every two hours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import httpx

from tools.web.answers import Answer, Refused, json_answer
from tools.web.forms.digging import foreign, inner, kept, objects_of, text_of, time_of
from tools.web.forms.fetching import get_object
from tools.web.forms.flattening import Flat, flatten
from tools.web.forms.signatures import digest, must_fit
from tools.web.forms.vendor import Access, Delivery, Ignored, Incoming, Item, Payload, Vendor, Wanted

FIELDS: Final = (
    "ownerInfo,associatedEntityInfo,leadMetadataInfo,owner,leadType,versionedLeadGenFormUrn,id,submittedAt,testLead,"
    "formResponse,form:(hiddenFields,creationLocale,name,id,content)"
)
PREDEFINED: Final = {
    "FIRST_NAME": "first_name", "LAST_NAME": "last_name", "EMAIL": "email", "WORK_EMAIL": "email", "JOB_TITLE": "title",
    "COMPANY_NAME": "company", "COMPANY_SIZE": "employees", "INDUSTRY": "industry", "PHONE_NUMBER": "phone",
    "WORK_PHONE": "phone", "WORK_PHONE_NUMBER": "phone", "COUNTRY": "country", "STATE": "state", "CITY": "city",
    "ZIP_CODE": "postal",
}  # fmt: skip
_FIRST = ("WORK_EMAIL", "WORK_PHONE", "WORK_PHONE_NUMBER")
_CODE = re.compile(r"[\w-]{1,100}", re.ASCII)
_RESPONSE = "urn:li:leadGenFormResponse:"


def check(incoming: Incoming, access: Access) -> None:
    """The hexadecimal HMAC of `hmacsha256=` and the body. There is no time in it: a notification that comes again is known
    by its response."""
    expected = (digest(secret, b"hmacsha256=", incoming.raw).hex() for secret in access.secrets)
    must_fit(incoming.headers.get("x-li-signature"), expected, "The header X-LI-Signature")


def challenge(query: Mapping[str, str], access: Access) -> Answer:
    """The code and its HMAC, which proves that the secret is known here."""
    code = query.get("challengeCode", "")
    if _CODE.fullmatch(code) is None:
        problem = {"field": "challengeCode", "problem": "missing or no plain word", "fix": "send what LinkedIn sends"}
        raise Refused(422, "bad_challenge", "challengeCode is missing.", fields=(problem,))
    if not access.secrets:
        raise Refused(401, "no_secret", "Put the app's client secret into FORM_SECRETS under linkedin.")
    return json_answer(
        200, {"challengeCode": code, "challengeResponse": digest(access.secrets[0], code.encode()).hex()}
    )


def read(payload: Payload) -> Sequence[Item]:
    if "type" not in payload:
        raise foreign("type", "LinkedIn")
    if payload["type"] != "LEAD_ACTION":
        return [Ignored("no lead of a form")]
    if payload.get("leadAction") == "DELETED":
        return [Ignored("the member withdrew the answer; what was stored of it stays until somebody erases it")]
    response = text_of(payload, "leadGenFormResponse")
    if response is None:
        raise foreign("leadGenFormResponse", "LinkedIn")
    return [Wanted(str(response).removeprefix(_RESPONSE))]


async def fetch(client: httpx.AsyncClient, access: Access, key: str) -> Payload:
    headers = {
        "authorization": f"Bearer {access.token}",
        "linkedin-version": access.api_version,
        "x-restli-protocol-version": "2.0.0",
    }
    url = f"{access.api_url}/rest/leadFormResponses/{quote(key, safe='')}?fields={FIELDS}"
    return await get_object(client, url, headers, "LinkedIn")


def complete(payload: Payload) -> Item:
    if payload.get("testLead") is True:
        return Ignored("a test lead of LinkedIn")
    form = inner(payload, "form")
    asked = {str(each.get("questionId")): each for each in objects_of(inner(form, "content"), "questions")}
    flat: Flat = {}
    kinds: dict[str, str] = {}
    for answer in objects_of(inner(payload, "formResponse"), "answers"):
        question = asked.get(str(answer.get("questionId")), {})
        name = (
            text_of(question, "name") or _localized(question.get("question")) or f"question {answer.get('questionId')}"
        )
        flat |= flatten({name: _value(answer, question)})
        if (kind := str(question.get("predefinedField"))) in PREDEFINED and name in flat:
            kinds[name] = kind
    hints: dict[str, str] = {}
    for name, kind in sorted(kinds.items(), key=lambda item: item[1] not in _FIRST):
        if PREDEFINED[kind] not in hints.values():
            hints[name] = PREDEFINED[kind]
    for hidden in objects_of(form, "hiddenFields"):
        for name, value in flatten([hidden]).items():
            flat.setdefault(name, value)
    given, wording = _consent(payload, form)
    return Delivery(
        flat,
        event_id=text_of(payload, "id"),
        submitted_at=time_of(payload, "submittedAt"),
        form=text_of(form, "id") or text_of(payload, "versionedLeadGenFormUrn") or "",
        hints=hints,
        consent=given,
        consent_text=wording,
        kept=kept(
            form_id=text_of(form, "id"),
            form_name=text_of(form, "name"),
            lead_type=text_of(payload, "leadType"),
            campaign=text_of(inner(payload, "leadMetadataInfo", "sponsoredLeadMetadataInfo", "campaign"), "name", "id"),
        ),
    )


def _value(answer: Mapping[str, Any], question: Mapping[str, Any]) -> Any:
    """Text as it was typed; of a choice the texts of its options."""
    details = inner(answer, "answerDetails")
    typed = inner(details, "textQuestionAnswer").get("answer")
    if typed is not None:
        return typed
    chosen = inner(details, "multipleChoiceAnswer").get("options")
    if not isinstance(chosen, list):
        return None
    options = {
        str(each.get("id")): _localized(each.get("text"))
        for each in objects_of(inner(question, "questionDetails", "multipleChoiceQuestionDetails"), "options")
    }
    return [options.get(str(one)) or str(one) for one in chosen if isinstance(one, int | str)]


def _localized(held: Any) -> str | None:
    """The text in the form's first language."""
    texts = inner(held, "localized")
    return next((text for text in texts.values() if isinstance(text, str)), None)


def _consent(payload: Payload, form: Mapping[str, Any]) -> tuple[bool | None, str | None]:
    """Given when every box is ticked, refused when none is; between the two it is not sure."""
    boxes = list(objects_of(inner(payload, "formResponse"), "consentResponses"))
    ticked = {bool(each.get("accepted")) for each in boxes}
    if len(ticked) != 1:
        return None, None
    wordings = {
        str(each.get("id")): _localized(each.get("consent"))
        for each in objects_of(inner(form, "content", "legalInfo"), "consents")
    }
    told = [text for each in boxes if (text := wordings.get(str(each.get("consentId"))))]
    return ticked.pop(), " ".join(told) or None


VENDOR = Vendor(
    name="linkedin",
    title="LinkedIn lead gen forms",
    proof="X-LI-Signature: HMAC-SHA256 of the body with the app's client secret",
    check=check,
    read=read,
    challenge=challenge,
    api_url="https://api.linkedin.com",
    fetch=fetch,
    complete=complete,
)
