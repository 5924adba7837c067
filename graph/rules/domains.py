"""Internet names: the host in an address or a link, the company domain above it, and what kind of mailbox it serves.

Uses the public suffix list that tldextract brings along: never the network, never a cache on disk. A shop or a site on
somebody else's platform (`acme.myshopify.com`) is its own company domain; a mailbox at a free provider gives none.
"""

from __future__ import annotations

import re
from functools import lru_cache

import idna
from tldextract import TLDExtract
from tldextract.tldextract import ExtractResult

from graph.domain.lead import EmailDomainType
from graph.rules.mailboxes import is_free, is_thrown_away, listed
from graph.rules.text import words

CACHE = 1_024
"""Hosts remembered: a lead asks several times for its own. One that is new costs some ten microseconds to take apart."""


_EDUCATION = listed("education.txt")
_GOVERNMENT = listed("government.txt")

_extract = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)
_extract.extract_str("example.com")  # reads the bundled list now, not while a lead waits

_LINK = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?/*(?:[^/?#@]*@)?(?P<host>[^/?#:]+)(?::\d*)?(?P<rest>[/?#].*)?$", re.DOTALL)
_HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})\Z")
_GOVERNMENT_LABELS = words("gov gob gouv gub govt go mil gv gc")
_UNIVERSITY = re.compile(r"(?:uni|univ|tu|fh)-[a-z]")  # uni-ulm.de, univ-lyon1.fr
_UNIVERSITY_SUFFIXES = frozenset(("de", "at", "ch", "fr"))

# A profile page on one of these is not the company's own domain; the bare domain is (somebody works there).
_PROFILE_SITES = words(
    """
    facebook.com instagram.com linkedin.com x.com twitter.com youtube.com tiktok.com github.com gitlab.com medium.com
    linktr.ee google.com goo.gl bit.ly xing.com crunchbase.com vk.com t.me wa.me pinterest.com reddit.com
    """
)


def host_of(link: str | None) -> str | None:
    """The host of a link, a domain or an address as typed, in ASCII without `www.`; None when there is none.

    A page below a site that hosts other people's profiles has no host of its own: `linkedin.com/company/acme`.
    """
    if link is None or not (match := _LINK.match(link.strip().lower())):
        return None
    host = match["host"].strip().rstrip(".")
    if not host.isascii() or "xn--" in host:
        try:
            host = idna.encode(host, uts46=True, std3_rules=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    host = host.removeprefix("www.") if host.count(".") > 1 else host
    if not _HOST.match(host):
        return None
    is_page = len(match["rest"] or "") > 1
    return None if is_page and registrable(host) in _PROFILE_SITES else host


@lru_cache(CACHE)
def _parts(host: str) -> ExtractResult:
    return _extract.extract_str(host)


@lru_cache(CACHE)
def registrable(host: str) -> str | None:
    """The domain that a company registers: `acme.co.uk` of `labs.acme.co.uk`. None where the ending is no public one.

    A name that is itself a suffix for others (`wpengine.com`) is its company's domain.
    """
    found = _parts(host).top_domain_under_public_suffix
    if not found:
        found = _extract.extract_str(host, include_psl_private_domains=False).top_domain_under_public_suffix
    return found or None


@lru_cache(CACHE)
def mailbox_type(host: str) -> EmailDomainType:
    """What kind of mailbox an address at this host is. One for throwing away is free."""
    domain, parts = registrable(host), _parts(host)
    if is_free(host, domain, None if parts.is_private else parts.domain) or is_thrown_away(host, domain):
        return "free"
    if domain is None:
        return "unknown"
    if domain in _GOVERNMENT or _is_government(parts):
        return "government"
    return "edu" if domain in _EDUCATION or _is_education(parts) else "corporate"


@lru_cache(CACHE)
def is_throw_away(host: str) -> bool:
    """Whether mailboxes at this host are made to be thrown away."""
    return is_thrown_away(host, registrable(host))


def _is_government(parts: ExtractResult) -> bool:
    """`agency.gov`, `agency.gov.uk`, `agency.go.jp`, `town.kommune.no`, and `gov.bc.ca`."""
    first, _, rest = parts.suffix.partition(".")
    if first in _GOVERNMENT_LABELS and parts.suffix != "go.it":  # go.it is the province of Gorizia
        return bool(rest) or first in ("gov", "mil")
    return parts.suffix == "kommune.no" or parts.domain in ("gov", "gouv")


def _is_education(parts: ExtractResult) -> bool:
    """`school.edu`, `school.edu.au`, `school.ac.uk`, `uni-ulm.de`."""
    first, _, rest = parts.suffix.partition(".")
    if first == "edu" or (first == "ac" and rest):
        return True
    return parts.suffix in _UNIVERSITY_SUFFIXES and _UNIVERSITY.match(parts.domain) is not None


def company_domain(host: str | None) -> str | None:
    """The company domain of a host, None for a free mail provider's."""
    if host is None or mailbox_type(host) == "free":
        return None
    return registrable(host)
