"""What a word of a company's name is worth before anything is counted: a brand, a trade, a form of business, a place.

"Borg" in two names says that they belong together; "Holdings" in both says next to nothing. In a book of a million names
counting would show it, in a book of fifty it cannot, so the lists below come first and counting refines them.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from math import log
from typing import Final, Literal, TypeAlias

import pycountry

from graph.rules.subdivisions import by_code
from graph.rules.text import fold, words

Class: TypeAlias = Literal["brand", "plain", "trade", "place", "structure", "numeral", "glue"]

# Of 1,000 companies anywhere, how many have a word of this class in their names: the orders of magnitude that 8,872
# registered names show (holdings 5%, solutions 2%, energy 3%, express 0.2%), for books too small to count in.
_OF_1000: Final[dict[Class, float]] = {
    "brand": 0, "plain": 2, "trade": 5, "place": 10, "structure": 30, "numeral": 50, "glue": 300,
}  # fmt: skip
BACKGROUND: Final = 1_000
"""Accounts that every book is thought to have beside its own, so that counting says little while there is little to count."""

_GLUE = words(
    """
    a an and the of for in on at by to with de du des del della di da do dos das la le les el los las lo il et und y e
    van von der den die das zu zum og och en its subsidiaries subsidiary affiliate affiliates branch
    """
)
_STRUCTURE = words(
    """
    holding holdings holdco group groups grupo groupe gruppe gruppo gruppen international intl internacional
    internationale global globally worldwide world enterprise enterprises solution solutions service services servicios
    system systems partner partners partnership industry industries technology technologies tech techs technolgy venture
    ventures associate associates brand brands product products company companies corporation management operations
    operating consulting consultants resource resources works concepts development developments agency office offices
    investment investments acquisition acquisitions trust foundation institute society association union alliance
    federation club team network networks studio studios lab labs laboratories center centre collective ltda limitada
    aktiengesellschaft gesellschaft societe sociedad societa aktiebolag spol statutory parent national general united first rl sa
    new digital online web net app apps hq inc corp co ltd llc gmbh plc sub subco unlimited interests
    """
)
_TRADE = words(
    """
    bank banks banking banco banque bancorp bancshares bankers credit finance financial financing fintech insurance
    assurance reinsurance capital equity fund funds etf asset assets wealth securities mortgage lending leasing rental
    rentals realty estate estates property properties housing homes home land building builders construction
    constructions contracting contractors engineering engineers architects architecture design designs materials cement
    concrete steel iron metal metals mining mines minerals gold silver copper lithium uranium oil gas petroleum
    petrochemicals energy energies power electric electrical electricity electronics electronic solar wind nuclear
    renewables utility utilities water waste environmental recycling chemical chemicals plastics polymers paper packaging
    glass textile textiles apparel fashion clothing shoes footwear jewelry beauty cosmetics furniture food foods beverage
    beverages brewing brewery wine wines spirits coffee tea bakery dairy meat farms farming agriculture agricultural
    seeds restaurant restaurants catering hotel hotels hospitality resorts resort travel tours tourism vacation vacations
    airline airlines airways air aviation aerospace space defense defence marine maritime shipping shipyard ship lines
    logistics freight transport transportation trucking transit rail railway railroad auto automotive automobile motor
    motors cars vehicles parts tire tires tool tools machine machines machinery machining equipment instruments devices
    controls components semiconductor semiconductors micro circuits optics optical photonics laser robotics automation
    software data cloud cyber security computer computers computing information informatics internet hosting media
    broadcasting television radio publishing press news books film films pictures music entertainment games gaming sports
    sport fitness telecom telecommunications communications communication wireless mobile broadband cable satellite
    retail store stores shop shops shopping market markets marketing advertising wholesale trading trade trader import
    export imports exports supply supplies distribution distributors sales delivery express marketplace
    pharma pharmaceutical pharmaceuticals therapeutics biotech biotechnology biosciences bioscience biologics genetics
    genomics oncology medicine medicines medical medicals medicare health healthcare care clinic clinics clinical hospital
    hospitals dental vision diagnostics surgical science sciences scientific research education educational school
    schools university college academy learning training staffing recruiting recruitment employment payroll human law
    legal attorneys accounting accountants audit tax advisory advisors adviser advisers strategies strategy analytics
    intelligence insights quality safety cleaning maintenance repair plumbing heating cooling roofing painting landscaping
    garden gardens interior interiors church ministries charity city county state department authority council commission
    """
)
_PLACE = words(
    """
    america american americas usa us uk eu europe european europa asia asian asean africa african australasia oceania
    pacific atlantic arctic mediterranean baltic nordic scandinavia scandinavian iberia iberian latin latam emea apac
    gulf caribbean middle far north northern south southern east eastern west western central northeast northwest
    southeast southwest midwest coast coastal valley river lake island islands bay canadian mexican brazilian brasil
    argentine chilean british english scottish irish french german deutschland deutsche dutch belgian swiss schweiz
    austrian italian italia spanish espana portuguese polish polska czech slovak hungarian romanian bulgarian greek
    turkish russian ukrainian swedish norwegian danish danmark finnish suomi sverige norge chinese japanese nippon korean
    indian thai vietnamese indonesian malaysian filipino philippine israeli egyptian hong kong macau taiwan dubai london
    paris berlin munich hamburg frankfurt vienna zurich geneva madrid barcelona lisbon rome milan amsterdam rotterdam
    brussels dublin stockholm oslo copenhagen helsinki warsaw prague budapest moscow istanbul tokyo osaka seoul beijing
    shanghai shenzhen guangzhou suzhou ningbo tianjin mumbai delhi bangalore bengaluru chennai hyderabad sydney melbourne
    brisbane perth toronto montreal vancouver york jersey boston chicago houston dallas austin atlanta miami denver
    seattle portland phoenix detroit cleveland columbus philadelphia pittsburgh baltimore francisco angeles diego
    carolina dakota hampshire mexico virginia zealand wales scotland england ireland korea russia vietnam turkiye ningbo
    """
)
_PLAIN = words(
    """
    mail email webmail post info contact admin support help login account accounts my me we you one two go get buy sell
    free best top pro plus max next now live smart simple easy fast direct open alpha beta gamma delta omega sigma prime
    apex summit pinnacle vertex horizon vision legacy heritage premier premium elite select choice quality integrity
    liberty freedom patriot eagle phoenix titan atlas nova star sun moon sky blue green red black white orange silver
    golden diamond crystal ocean mountain forest stone rock bridge gate tower castle crown royal king queen victory
    pioneer frontier discover discovery explore explorer journey compass anchor harbor beacon lighthouse spark bright
    light flow wave pulse core edge link connect bond bridge nexus matrix vector element fusion impact momentum velocity
    dynamic advance advanced advantage alliance allied associated consolidated continental metro urban local community
    people family friends happy good great super mega ultra future modern classic innovation innovative idea ideas
    create creative build maker make think mind brain wise trust target point place space house village garden kitchen
    table book paper letter magazine journal times daily weekly today forum blog wiki chat talk voice sound music photo
    video play player game club party event events ticket tickets date love life style wear beauty body baby kids child
    children women men mom dad student teacher doctor nurse patient job jobs career careers work worker office desk
    business money cash coin pay payment payments price value deal deals offer offers card gift loan budget
    test testing demo example sample domain domains website site sites page pages server host hosting search find map maps
    """
)
_ROMAN = re.compile(r"(?=[xvi])(?:xl|x{0,3})(?:ix|iv|v?i{0,3})")


@cache
def _places() -> frozenset[str]:
    """One-word names of countries and of the states of the USA, beside those listed."""
    names = [country.name for country in pycountry.countries]
    names += [place.name for place in by_code().values() if place.code.startswith("US-")]
    return _PLACE | {fold(name) for name in names if " " not in name}


def is_numeral(word: str) -> bool:
    """`3`, `iii`, or a single letter: what tells two companies of one name apart, and nothing else."""
    return len(word) == 1 or word.isdecimal() or _ROMAN.fullmatch(word) is not None


@lru_cache(16_384)
def class_of(word: str) -> Class:
    """What a folded word is in a name; whatever is not listed may be a brand."""
    if word in _GLUE:
        return "glue"
    if is_numeral(word):
        return "numeral"
    if word in _STRUCTURE:
        return "structure"
    if word in _TRADE:
        return "trade"
    if word in _places():
        return "place"
    return "plain" if word in _PLAIN else "brand"


def is_common(word: str) -> bool:
    """A word that many have, whoever they are: nobody is recognised by it alone."""
    return class_of(word) != "brand"


def weight(word: str, count: int, accounts: int) -> float:
    """0..1: what a word says that so many families among so many accounts have in their names: the logarithm of its
    rarity, 1 for a brand that at most one has (inverse document frequency, with the background above)."""
    total = accounts + BACKGROUND
    expected = min(float(total), max(count, 1) + _OF_1000[class_of(word)] * BACKGROUND / 1_000)
    return log(total / expected) / log(total)
