"""Generated companies that repeat each other the way real ones do, and what people type of them.

A brand is a coined word, a family's name or a plain word, drawn so that a few are everywhere and most are rare; a name adds
a trade, a form of business, a place, a legal form. Companies of one brand are sometimes one family and mostly strangers.
Made of a seed: the same seed gives the same companies and the same leads.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final, Literal, TypeAlias

from graph.ports import CompanyAsk
from graph.rules.company_names import company_key
from tools.accounts.known import KnownAccount

Mix: TypeAlias = Literal["domain", "other domain", "misspelt", "name", "nothing"]
BRANDS: Final = 10
MIXES: Final[tuple[Mix, ...]] = ("domain", "other domain", "misspelt", "name", "nothing")

_ONSETS = "b br c ch cl cr d dr f fl fr g gl gr h j k kl kr l m n p pl pr qu r s sc sh sk sl sp st str t th tr v w x y z".split()
_VOWELS = "a e i o u a e i o ae ea io ou y".split()
_CODAS = " n r s l t x m d k nd nt rn st ck ll ss lt rt".split(" ")
_ENDINGS = (
    "a ia io ex ix on os us um is ify ly era ara ent ant or ar eo iq yx era tek son man berg feld ham ton ley".split()
)
_PLAIN = """apex summit pioneer atlas phoenix vertex prime alpha omega delta quantum nova stellar horizon blue green red silver
golden eagle falcon lion oak cedar maple river ocean mountain valley bridge stone rock iron bright clear true noble royal crown
liberty heritage legacy keystone cornerstone landmark beacon compass anchor harbor lighthouse north south east west pacific
atlantic sunrise evergreen premier elite select superior dynamic advanced integrated universal allied united first national
american global continental central metro capital community family smart rapid swift""".split()
_TRADES = """bank insurance finance capital energy power electric oil gas solar pharma medical health dental foods beverage
logistics transport freight shipping steel metals mining chemicals plastics packaging paper construction builders engineering
architects realty properties hotels travel airlines motors automotive electronics semiconductor software data cloud security
digital media publishing entertainment sports telecom wireless retail stores fashion furniture education academy consulting
legal accounting staffing marketing advertising design printing plumbing heating roofing landscaping cleaning farms dairy
brewing coffee bakery research analytics robotics aerospace defense water environmental recycling tools machinery""".split()
_STRUCTURES = """holdings group international solutions services systems partners industries technologies ventures associates
enterprises global labs works""".split()
_PLACES = {
    "US": ("com", ["Texas", "California", "New York", "Ohio", "Florida", "Boston", "Chicago", "Denver", "Seattle", "Dallas"]),
    "GB": ("co.uk", ["London", "Manchester", "Leeds", "UK", "Bristol"]),
    "DE": ("de", ["Deutschland", "Berlin", "Hamburg", "Munich", "Germany"]),
    "FR": ("fr", ["France", "Paris", "Lyon"]),
    "CA": ("ca", ["Canada", "Toronto", "Montreal"]),
    "NL": ("nl", ["Nederland", "Amsterdam", "Rotterdam"]),
    "ES": ("es", ["Espana", "Madrid", "Barcelona"]),
    "IN": ("co.in", ["India", "Mumbai", "Bangalore"]),
    "AU": ("com.au", ["Australia", "Sydney", "Melbourne"]),
    "JP": ("co.jp", ["Japan", "Tokyo", "Osaka"]),
}  # fmt: skip
_FORMS = {
    "US": ["Inc.", "LLC", "Corp.", "Co.", "Inc", "L.L.C."], "GB": ["Ltd", "PLC", "Limited"], "DE": ["GmbH", "AG", "GmbH & Co. KG"],
    "FR": ["SA", "SAS", "SARL"], "CA": ["Inc.", "Ltd."], "NL": ["B.V.", "NV"], "ES": ["S.A.", "S.L."], "IN": ["Pvt. Ltd.", "Ltd"],
    "AU": ["Pty Ltd"], "JP": ["K.K.", "Co., Ltd."],
}  # fmt: skip
_WEIGHTS = [40, 12, 10, 7, 6, 5, 5, 6, 5, 4]
_CALLING = {
    "US": "+1", "GB": "+44", "DE": "+49", "FR": "+33", "CA": "+1", "NL": "+31", "ES": "+34", "IN": "+91", "AU": "+61", "JP": "+81",
}  # fmt: skip
_STREETS = "Main Oak Market Church Park Station High King Queen Mill Lake Hill River Bridge Harbour College".split()


@dataclass(frozen=True, slots=True)
class Company:
    """A known account, and its brand as people say it."""

    account: KnownAccount
    brand: str


class World:
    """An endless supply of companies. brands: how many there are to choose from; the commonest are drawn most. With BRANDS
    for each company the first word of a name is shared about as often as among 8,872 registered companies (24%)."""

    def __init__(self, seed: int, brands: int) -> None:
        self._draw, self._brands, self._seed = Random(seed), brands, seed
        self._taken: set[str] = set()

    def has(self, domain: str) -> bool:
        """Somebody has the domain."""
        return domain in self._taken

    def companies(self, count: int) -> Iterator[Company]:
        """The next so many."""
        return (self._company() for _ in range(count))

    def _brand(self) -> tuple[str, bool]:
        """(brand, whether many have it)."""
        draw = self._draw
        kind = draw.random()
        if kind < 0.12:
            return draw.choice(_PLAIN), True
        rank = int(self._brands ** draw.random()) if kind < 0.4 else draw.randrange(self._brands)
        return coined(self._seed * 1_000_003 + rank), kind < 0.4

    def _company(self) -> Company:
        draw = self._draw
        country = draw.choices([*_PLACES], _WEIGHTS)[0]
        ending, towns = _PLACES[country]
        town = draw.choice(towns)
        brand, often = self._brand()
        words = [brand]
        if draw.random() < 0.12:
            words += ["&" if draw.random() < 0.5 else "and", self._brand()[0]]
        elif draw.random() < 0.15:
            words.append(draw.choice(_PLAIN))
        if draw.random() < (0.98 if often else 0.6):
            words.append(draw.choice(_TRADES))
        if draw.random() < 0.35:
            words.append(draw.choice(_STRUCTURES))
        if draw.random() < 0.08:
            words.append(town)
        core = [word if word == "and" else word[:1].upper() + word[1:] for word in words]
        form = draw.choice(_FORMS[country])
        name = " ".join([*core, form]) if draw.random() < 0.85 else " ".join(core)
        name = name.upper() if draw.random() < 0.1 else name
        label = self._label([word.lower() for word in words if word not in ("&", "and")])
        domain = self._domain(label, ending)
        has_domain = draw.random() < 0.9
        key = domain if has_domain else f"name:{company_key(name)}"
        if key in self._taken:
            key, has_domain = domain, True
        self._taken |= {key, domain}
        number = f"{_CALLING[country]}{draw.randrange(200, 999)}{draw.randrange(10**6, 10**7)}"
        return Company(
            KnownAccount(
                key,
                (name,),
                (domain,) if has_domain else (),
                country=country,
                city=town,
                postal=f"{draw.randrange(10_000, 99_999)}",
                street=f"{draw.randrange(1, 999)} {draw.choice(_STREETS)} Street" if draw.random() < 0.5 else None,
                phone=number if draw.random() < 0.6 else None,
            ),
            " ".join(core),
        )

    def _label(self, words: list[str]) -> str:
        draw = self._draw
        kind = draw.random()
        if kind < 0.4:
            return words[0]
        if kind < 0.85:
            return "".join(words[:3]).replace(" ", "")
        return "-".join(words[:2]).replace(" ", "")

    def _domain(self, label: str, ending: str) -> str:
        endings = [ending if self._draw.random() < 0.5 else "com", "com", ending, "net", "io", "org", "co"]
        for own in endings:
            if (domain := f"{label}.{own}") not in self._taken:
                return domain
        return f"{label}{len(self._taken)}.{ending}"


def coined(rank: int) -> str:
    """A word that nobody had before: the same for the same number."""
    draw = Random(rank)
    parts = [
        draw.choice(_ONSETS) + draw.choice(_VOWELS) + draw.choice(_CODAS) for _ in range(draw.choice((1, 2, 2, 2, 3)))
    ]
    return "".join(parts) + (draw.choice(_ENDINGS) if draw.random() < 0.6 else "")


# what people type


def slipped(text: str, draw: Random) -> str:
    """One slip of the fingers, not in the first letter."""
    if len(text) < 4:
        return text
    at = draw.randrange(1, len(text) - 1)
    letter = draw.choice(string.ascii_lowercase)
    return {
        0: text[:at] + text[at + 1 :],
        1: text[:at] + letter + text[at:],
        2: text[:at] + letter + text[at + 1 :],
        3: text[:at] + text[at + 1] + text[at] + text[at + 2 :],
    }[draw.randrange(4)]


def typed(company: Company, draw: Random) -> str:
    """Its name as somebody types it: without the form, with another, run together, with a department, in capitals, ..."""
    name, core = company.account.names[0], company.brand
    words = core.split()
    match draw.randrange(9):
        case 0:
            return name
        case 1:
            return core
        case 2:
            return core.lower()
        case 3:
            return f"{core} {draw.choice(['Inc', 'Ltd', 'GmbH', 'Group', 'Corp'])}"
        case 4:
            return core.replace(" ", "") if len(words) > 1 else core
        case 5:
            return f"{core} {draw.choice(['Deutschland', 'India', 'UK', 'Europe', 'Services', 'Holdings', 'Americas', 'Finance'])}"
        case 6:
            return " ".join(words[:-1]) if len(words) > 2 else core
        case 7:
            return words[0]
        case _:
            return name.upper()


def ask(company: Company, mix: Mix, draw: Random) -> CompanyAsk:
    """What a lead of this company says. `nothing` is for a company that the book does not have."""
    account = company.account
    domain = account.domains[0] if account.domains else None
    placed = draw.random() < 0.5
    place = {"country": account.country, "city": account.city if draw.random() < 0.5 else None} if placed else {}
    phone = None
    if account.phone and draw.random() < 0.3:
        phone = account.phone if draw.random() < 0.5 else f"{account.phone[:-2]}{draw.randrange(10, 99)}"
    match mix:
        case "domain" if domain:
            host = f"mail.{domain}" if draw.random() < 0.1 else domain
            return CompanyAsk(domain, typed(company, draw), host=host, phone=phone, **place)  # type: ignore[arg-type]
        case "other domain" if domain:
            strange = draw.random() < 0.2  # a brand, a holding, a company bought last year: nothing like the known one
            other = f"{coined(draw.randrange(10**9))}.com" if strange else _other(domain, draw)
            name = typed(company, draw) if strange or draw.random() < 0.5 else None
            return CompanyAsk(other, name, host=other, phone=phone, **place)  # type: ignore[arg-type]
        case "misspelt":
            words = typed(company, draw).split()
            at = max(range(len(words)), key=lambda n: len(words[n]))
            words[at] = slipped(words[at], draw)
            return CompanyAsk(None, " ".join(words), phone=phone, **place)  # type: ignore[arg-type]
        case "nothing":
            other = domain if draw.random() < 0.6 else None
            return CompanyAsk(other, typed(company, draw), host=other, phone=phone, **place)  # type: ignore[arg-type]
        case _:
            return CompanyAsk(None, typed(company, draw), phone=phone, **place)  # type: ignore[arg-type]


def _other(domain: str, draw: Random) -> str:
    label, _, ending = domain.partition(".")
    endings = [each for each in ("com", "de", "net", "io", "co.uk", "fr", "eu", "us") if each != ending]
    match draw.randrange(6):
        case 0:
            return f"get{label}.{ending}"
        case 1:
            return f"{label}hq.{draw.choice(endings)}"
        case 2:
            return f"{label}-group.{ending}"
        case 3:
            return (
                f"{label.replace('-', '')}.{draw.choice(endings)}"
                if "-" in label
                else f"{label}.{draw.choice(endings)}"
            )
        case _:
            return f"{label}.{draw.choice(endings)}"
