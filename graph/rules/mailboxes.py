"""Whose mailboxes are at a host: anybody's at a free provider, nobody's at one for throwing away, an employer's else. And
who reads what arrives: a person, or whoever does a job (`sales@`).

Throw-away providers are the list of disposable-email-domains, which grows by the week, with some of our own. Employers
are held apart: a company that public lists call a free provider stays the company of those who write from it.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final, Literal, TypeAlias

from disposable_email_domains import blocklist

from graph.rules.text import words

Reader: TypeAlias = Literal["person", "role", "nobody"]


def listed(name: str) -> frozenset[str]:
    """The entries of a list in `data`: one a line, `#` begins a comment."""
    lines = files("graph.rules").joinpath("data", name).read_text(encoding="utf-8").splitlines()
    return frozenset(entry for line in lines if (entry := line.partition("#")[0].strip()))


FREE_MAIL: Final = listed("free_mail.txt")
EMPLOYERS: Final = listed("employers.txt")
_THROWN_AWAY: Final = listed("throw_away_mail.txt")

# Brands that have mailboxes under the endings of many countries. Their owners' staff write from elsewhere (yahooinc.com).
_FREE_BRANDS = words(
    "aol caramail gmail gmx googlemail hotmail icloud lycos outlook protonmail rediffmail rocketmail "
    "tutanota yahoo yandex ymail"
)
# mail2paul.com, mail2texas.com: a thousand names of one provider.
_FREE_FAMILY = re.compile(r"mail2[a-z0-9]+\.com")


def is_thrown_away(host: str, domain: str | None) -> bool:
    """Whether mailboxes at the host are for throwing away. domain: the registrable one above it. A list may name any level:
    `acme.someone.dyndns.example`, or the registry that gives such names to anybody."""
    if domain in EMPLOYERS or domain in FREE_MAIL:
        return False
    while host:
        if host in blocklist or host in _THROWN_AWAY:
            return True
        host = host.partition(".")[2]
    return False


def is_free(host: str, domain: str | None, label: str | None) -> bool:
    """Whether anybody gets a mailbox at the host. label: the domain's name under a public ending (`yahoo` of yahoo.co.uk),
    None where the ending is somebody's platform."""
    if domain in EMPLOYERS:
        return False
    if host in FREE_MAIL or domain in FREE_MAIL or label in _FREE_BRANDS:
        return True
    return domain is not None and _FREE_FAMILY.fullmatch(domain) is not None


# What stands before the @ where no one person reads it, in the languages that forms come in.
_ROLES = words(
    """
    info infos information contact contacts hello hallo hi hey mail email office team all everyone staff company
    sales presales marketing support help helpdesk service services customerservice customercare care success
    enquiries enquiry inquiries inquiry general feedback reception frontdesk desk admin administration administrator
    administrators webmaster postmaster hostmaster root sysadmin itsupport it noc soc ops devops tech technical security abuse
    privacy gdpr dataprotection dpo legal compliance billing invoice invoices invoicing accounts accounting
    accountspayable ap ar finance payroll purchasing procurement orders order shop store booking bookings reservations
    hr jobs job careers career recruiting recruitment talent people press media pr news newsletter events partners
    partner partnerships investors ir export import logistics quality engineering dev developers research
    kontakt anfrage anfragen zentrale empfang sekretariat buero vertrieb verkauf einkauf bestellung buchhaltung
    rechnung personal bewerbung presse kundenservice kundendienst datenschutz verwaltung geschaeftsleitung
    accueil direction secretariat ventes vente commercial commerciale comptabilite achats rh recrutement service-client
    contacto contactos ventas compras administracion comercial soporte atencion recepcion facturacion rrhh
    contato vendas comercial atendimento suporte financeiro compras
    contatti amministrazione vendite acquisti segreteria ufficio assistenza commerciale
    verkoop inkoop administratie klantenservice boekhouding
    biuro sprzedaz kontor post kundeservice salg obchod iroda
    """
)
_NOBODY = words(
    """
    noreply noreplies donotreply dontreply notreply replynot mailerdaemon bounce bounces devnull null nobody autoreply
    nichtantworten keineantwort nepasrepondre noresponder noresponda naoresponda nonrispondere nietbeantwoorden
    """
)
_PLACES = words(
    "emea apac latam dach eu us usa uk de fr es it nl at ch ca au in jp br mx global international intl europe na"
)
_PARTS = re.compile(r"[._-]+")


_BEGINNINGS = frozenset(word[:2] for word in _ROLES | _NOBODY) | {"no", "do"}


def reader_of(email: str) -> Reader:
    """Who reads mail to the address, as far as its name says: `sales-emea@` a role, `no-reply@` nobody, else a person.
    email: in lower case."""
    if email[:2] not in _BEGINNINGS:  # as half of all names
        return "person"
    local = email.partition("@")[0].partition("+")[0]
    first, *rest = _PARTS.split(local)
    joined = first + "".join(rest)
    if first in _NOBODY or joined in _NOBODY or joined.startswith(("noreply", "donotreply")):
        return "nobody"
    if joined in _ROLES or (first in _ROLES and all(part in _ROLES or part in _PLACES for part in rest)):
        return "role"
    return "person"
