"""Countries as people write them, to ISO 3166-1 alpha-2: codes, names in some thirty languages, a few everyday names.

Nothing is guessed: a misspelt country stays unknown, and is counted and shown as typed.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from functools import cache, lru_cache

import pycountry

from graph.rules.text import fold

_LANGUAGES = (
    "de", "fr", "es", "it", "pt", "pt_BR", "nl", "pl", "cs", "sk", "hu", "ro", "sv", "da", "nb_NO", "fi", "et", "lv",
    "lt", "sl", "hr", "el", "tr", "ru", "uk", "he", "ar", "hi", "th", "id", "vi", "ja", "ko", "zh_CN", "zh_TW",
)  # fmt: skip
_ATTRIBUTES = ("name", "official_name", "common_name")

# Everyday names and abbreviations that ISO does not have. Parts of a country stand for the country.
_EVERYDAY = {
    "US": "America Amerika Estados_Unidos_de_América "
    "U.S. USA U.S.A. United_States_(US) States United_States_of_America_(USA) Estados_Unidos EEUU EE.UU. EUA",
    "GB": "U.K. UK Great_Britain Britain England Scotland Wales Northern_Ireland N._Ireland "
    "Great_Britain_and_Northern_Ireland Großbritannien Schottland Angleterre Écosse Inglaterra Escocia Inghilterra Scozia "
    "Engeland Schotland",
    "AE": "UAE U.A.E. Emirates VAE Dubai Abu_Dhabi",
    "NL": "NED Holland Netherlands,_The Hollande Holanda Olanda",
    "KR": "Korea South_Korea S._Korea Korea,_South Rep._of_Korea Korea_(South) Republic_of_Korea ROK Südkorea 대한민국 한국",
    "KP": "DPRK North_Korea Korea_(North) Korea,_North",
    "CZ": "Czech Czech_Rep. Czechoslovakia_(Czech) Tschechei",
    "MK": "Macedonia FYROM",
    "TR": "Turkey Turkiye Türkei",
    "MM": "Burma",
    "SZ": "Swaziland",
    "CV": "Cape_Verde",
    "CI": "Ivory_Coast Cote_d'Ivoire",
    "CD": "DR_Congo DRC Congo-Kinshasa Congo_(DRC)",
    "CG": "Congo-Brazzaville Republic_of_the_Congo",
    "RU": "Russia Россия РФ",
    "IR": "Iran",
    "SY": "Syria",
    "LA": "Laos",
    "VN": "Vietnam Viet_Nam",
    "BO": "Bolivia",
    "VE": "Venezuela",
    "TZ": "Tanzania",
    "MD": "Moldova",
    "TW": "Taiwan Taiwan,_ROC Taiwan_R.O.C. Taiwan,_China",
    "PS": "Palestine Palestinian_Territories",
    "HK": "Hong_Kong,_China Hong_Kong_SAR_China Hong_Kong_SAR Hong_Kong_(SAR) HKSAR",
    "MO": "Macau Macau_SAR Macau,_China Macao_SAR_China",
    "BN": "Brunei",
    "VA": "Vatican Vatican_City",
    "CN": "PRC P.R._China Mainland_China People's_Republic_of_China",
    "SA": "KSA Saudi السعودية المملكة_العربية_السعودية",
    "ZA": "RSA",
    "NZ": "Aotearoa",
    "CH": "SUI Switzerland_(CH) Schweiz Suisse Svizzera Svizra",
    "AT": "Oesterreich",
    "BE": "Belgium_(BE) Belgie België Belgique",
    "GR": "GRE Hellas",
    "IE": "Republic_of_Ireland Eire",
    "TT": "Trinidad Trinidad_&_Tobago",
    "BA": "Bosnia Bosnia_&_Herzegovina Bosnia-Herzegovina",
    "AG": "Antigua Antigua_&_Barbuda",
    "ES": "Espana",
    "DE": "GER",
    "DK": "DEN",
    "PT": "POR",
    "HR": "CRO",
    "DO": "Dominican_Rep. Rep._Dominicana",
    "SK": "Slovak_Republic Slovak_Rep.",
    "TL": "East_Timor",
    "XK": "XK Kosovo Kosova Republic_of_Kosovo",
    "VI": "US_Virgin_Islands U.S._Virgin_Islands USVI",
    "VG": "British_Virgin_Islands BVI",
    "KN": "St._Kitts St._Kitts_and_Nevis St._Kitts_&_Nevis",
    "LC": "St._Lucia",
    "VC": "St._Vincent St._Vincent_and_the_Grenadines",
    "SX": "St._Maarten",
}


def _codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for country in pycountry.countries:
        codes[country.alpha_2.casefold()] = codes[country.alpha_3.casefold()] = country.alpha_2
    return codes


def _own_names() -> Iterator[tuple[str, str]]:
    for country in pycountry.countries:
        for attribute in _ATTRIBUTES:
            if name := getattr(country, attribute, None):
                yield fold(name), country.alpha_2
    for code, names in _EVERYDAY.items():
        for name in names.split():
            yield fold(name.replace("_", " ")), code


@cache
def _translations() -> dict[str, str]:
    """Names in other languages; one that means two countries means none ("Kongo"). Made when the first name is asked for
    that English does not know: twenty languages take a third of a second, and every process would begin with it."""
    meanings: dict[str, set[str]] = {}
    for language in _LANGUAGES:
        translate = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language]).gettext
        for country in pycountry.countries:
            for attribute in _ATTRIBUTES:
                if name := getattr(country, attribute, None):
                    meanings.setdefault(fold(translate(name)), set()).add(country.alpha_2)
    # Two Latin letters are a code, whatever they mean elsewhere ("Bỉ" is Belgium in Vietnamese, BI is Burundi).
    return {
        name: codes.pop()
        for name, codes in meanings.items()
        if len(codes) == 1 and not (name.isascii() and len(name) < 3)
    }


_CODES = _codes()
_NAMES = dict(_own_names())
_A_FLAG = 0x1F1E6
_BETWEEN = re.compile(r"[()/,|]|\s-\s")
_MOST_PARTS = 3


def country_names() -> dict[str, str]:
    """Every name that is understood, folded, with its ISO code."""
    return {**_translations(), **_NAMES}


@lru_cache(4096)
def country_code(typed: str) -> str | None:
    """ISO 3166-1 alpha-2 of a country as typed (a code, a name, a flag); None when it is not known for sure."""
    text = typed.strip().casefold().removeprefix("the ")
    return _understood(text) or _said_twice(text)


def _understood(text: str) -> str | None:
    key = fold(text)
    return _CODES.get(text) or _NAMES.get(key) or _CODES.get(_unflagged(text)) or _translations().get(key)


def parts_of(text: str) -> list[str]:
    """What stands between brackets, commas, slashes and dashes; empty where nothing does, or too much to be one place."""
    parts = [part for piece in _BETWEEN.split(text) if (part := piece.strip())]
    return parts if 1 < len(parts) <= _MOST_PARTS else []


def _said_twice(text: str) -> str | None:
    """`Germany (DE)`, `US - United States`, `England, UK`: every part says the same country."""
    codes = {_understood(part) for part in parts_of(text)}
    return codes.pop() if len(codes) == 1 else None


def _unflagged(text: str) -> str:
    """The two letters of a flag emoji, which is written as two regional indicator symbols."""
    letters = [ord(character) - _A_FLAG for character in text]
    return "".join(chr(97 + n) for n in letters) if len(letters) == 2 and all(0 <= n < 26 for n in letters) else ""
