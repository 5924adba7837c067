"""What the request itself says: where it came from and which wishes the message names.

The message is a stranger's text: words are counted in it, nothing in it is obeyed or shown. Word lists cover English,
German, French and Spanish; a word stands alone or starts a listed pair.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

from graph.domain.scoring import Feature
from graph.features.inputs import UNKNOWN, FeatureInput

READ_CHARS = 2000
"""A message is read up to here: longer ones are pasted text, and the hot path stays short."""

SOURCES = ("newsletter", "content", "event", "contact", "referral", "pricing", "demo")
SOURCE_WORDS = {
    "demo": r"demo|trial|sign ?up|\bpoc\b|proof of concept|book a",
    "pricing": r"pric|quote|rfp|buy|purchase|upgrade",
    "referral": r"refer|partner|reseller|marketplace|alliance",
    "event": r"webinar|event|conference|expo|summit|meetup|trade ?show|workshop",
    "newsletter": r"newsletter|subscri|giveaway|sweepstake|purchased list|cold list",
    "content": r"content|download|white ?paper|e-?book|guide|report|blog|article|case study|video|podcast|social"
    r"|linkedin|twitter|facebook|\bads?\b|display|ppc|seo|organic",
    "contact": r"contact|inquiry|enquiry|\bforms?\b|chat|\bweb|phone|\bcall|e-?mail|inbound|hubspot|direct",
}

DEMO, PRICING, TIMELINE, PAIN, STACK, COMPETITOR, LOW = (1 << bit for bit in range(7))
WORDS = {
    DEMO: "demo demos demonstration walkthrough trial pilot poc evaluate evaluating evaluation vorführung testzugang "
    "démo démonstration essai demostración prueba proof+of talk+to speak+with book+a schedule+a",
    PRICING: "pricing price prices quote quotation cost costs budget license licence licensing enterprise+plan "
    "contract rfp rfi procurement purchase preis preise preisliste angebot kosten lizenz lizenzen devis tarif tarifs "
    "prix licences precio precios cotización presupuesto costo coste licencias",
    TIMELINE: "urgent urgently asap deadline immediately today tomorrow q1 q2 q3 q4 expires renewal renews dringend "
    "sofort quartal urgente trimestre this+week next+week this+month next+month this+quarter next+quarter this+year "
    "by+january by+february by+march by+april by+may by+june by+july by+august by+september by+october by+november "
    "by+december nächste+woche nächsten+monat diese+woche semaine+prochaine mois+prochain próxima+semana próximo+mes "
    "este+trimestre",
    PAIN: "outage outages incident incidents downtime slow latency bottleneck struggling struggle problem problems "
    "pain blind alert+fatigue too+expensive replace replacing migrate migrating migration switch+from moving+to "
    "moving+from consolidate consolidating compliance scale scaling mttr ausfall ausfälle störung störungen ablösen "
    "migrieren problème problèmes panne pannes remplacer problema problemas caída caídas reemplazar",
    STACK: "kubernetes k8s opentelemetry otel prometheus grafana tracing observability apm microservices telemetry "
    "terraform aws azure gcp devops sre monitoring instrumentation slo slos eks gke aks kafka",
    COMPETITOR: "datadog newrelic new+relic dynatrace splunk appdynamics honeycomb instana lightstep signoz "
    "chronosphere solarwinds",
    LOW: "student homework thesis dissertation internship resume cv vacancy seo backlinks backlink guest+post "
    "job+application unsubscribe newsletter just+looking just+browsing just+curious keep+me no+budget for+fun hobby "
    "personal+project side+project my+studies bewerbung praktikum masterarbeit bachelorarbeit tesis prácticas "
    "link+exchange web+design",
}
_UNITS = (
    "services service hosts host servers server nodes node vms containers pods clusters users seats licenses licences "
    "engineers developers employees people sites locations stores teams endpoints microservices devices agents "
    "rechner dienste nutzer mitarbeiter standorte lizenzen entwickler serveurs utilisateurs hôtes licencias "
    "servidores usuarios empleados k tb gb"
)
UNITS = frozenset(_UNITS.split())

FEATURES = (
    Feature("sourceIntent", "behavioral", "submission", "kind of source, by the intent it shows", SOURCES),
    Feature("messageLength", "behavioral", "submission", "log10 of 1 + characters of the message; 0 without one"),
    Feature("asksDemo", "behavioral", "submission", "1 if the message asks for a demo, trial or talk"),
    Feature("asksPricing", "behavioral", "submission", "1 if the message asks for prices or a contract"),
    Feature("namesTimeline", "behavioral", "submission", "1 if the message names a time to decide by"),
    Feature("namesPain", "behavioral", "submission", "1 if the message names a problem to solve or a move to make"),
    Feature("namesStack", "behavioral", "submission", "1 if the message names technology that the product works with"),
    Feature("namesCompetitor", "behavioral", "submission", "1 if the message names a competing product"),
    Feature("namesScale", "behavioral", "submission", "1 if the message gives a size (400 services, 50 hosts)"),
    Feature(
        "lowIntentWords", "behavioral", "submission", "1 if the message is of a student, applicant, seller, browser"
    ),
)

_TOKENS = re.compile(r"\w+")
_YEAR = re.compile(r"20[0-9]{2}")
_SINGLE: dict[str, int] = {}
_PAIRS: dict[str, dict[str, int]] = {}
for _bit, _text in WORDS.items():
    for _entry in _text.split():
        _first, _, _second = _entry.casefold().partition("+")
        _table, _key = (_PAIRS.setdefault(_first, {}), _second) if _second else (_SINGLE, _first)
        _table[_key] = _table.get(_key, 0) | _bit


@lru_cache(1024)
def source_code(source: str | None) -> float:
    """Index into SOURCES; a source that no word list knows is unknown."""
    text = (source or "")[:100].lower().replace("_", " ").replace("-", " ")
    found = (kind for kind, words in SOURCE_WORDS.items() if re.search(words, text))
    kind = next(found, None)
    return UNKNOWN if kind is None else float(SOURCES.index(kind))


def wishes(message: str) -> tuple[int, bool]:
    """The bits of WORDS that the message holds, and whether it gives a size
    (a number before a unit, one word may stand between: "50 Linux hosts")."""
    bits, scale = 0, False
    before = second = ""
    for token in _TOKENS.findall(message[:READ_CHARS].casefold()):
        bits |= _SINGLE.get(token, 0)
        if before in _PAIRS:
            bits |= _PAIRS[before].get(token, 0)
        if token in UNITS and (before.isdigit() or (second.isdigit() and not _YEAR.fullmatch(second))):
            scale = True
        before, second = token, before
    return bits, scale


def values(inp: FeatureInput) -> tuple[float, ...]:
    """In the order of FEATURES."""
    message = (inp.lead.message or "").strip()
    bits, scale = wishes(message) if message else (0, False)
    return (
        source_code(inp.lead.source),
        math.log10(1 + len(message)),
        1.0 if bits & DEMO else 0.0,
        1.0 if bits & PRICING else 0.0,
        1.0 if bits & TIMELINE else 0.0,
        1.0 if bits & PAIN else 0.0,
        1.0 if bits & STACK else 0.0,
        1.0 if bits & COMPETITOR else 0.0,
        1.0 if scale else 0.0,
        1.0 if bits & LOW else 0.0,
    )
