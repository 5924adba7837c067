"""What time it is where a lead is, as far as country and state say it without doubt.

A country of several zones has an answer only where one zone holds nearly all of its people, or where the state says
which; otherwise the hour is unknown and is left out, never guessed. Zones as in the IANA table zone.tab.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo


def _table(text: str) -> dict[str, str]:
    """`Zone=KEY,KEY Zone=KEY` by key."""
    rows = (entry.split("=") for entry in text.split())
    return {key: zone for zone, keys in rows for key in keys.split(",")}


_COUNTRIES = _table(
    """
    Africa/Abidjan=CI Africa/Accra=GH Africa/Addis_Ababa=ET Africa/Algiers=DZ Africa/Cairo=EG Africa/Casablanca=MA
    Africa/Dakar=SN Africa/Dar_es_Salaam=TZ Africa/Johannesburg=ZA Africa/Kampala=UG Africa/Kigali=RW Africa/Lagos=NG
    Africa/Luanda=AO Africa/Lusaka=ZM Africa/Maputo=MZ Africa/Nairobi=KE Africa/Tunis=TN Africa/Windhoek=NA
    America/Argentina/Buenos_Aires=AR America/Asuncion=PY America/Bogota=CO America/Caracas=VE America/Costa_Rica=CR
    America/El_Salvador=SV America/Guatemala=GT America/Jamaica=JM America/La_Paz=BO America/Lima=PE
    America/Montevideo=UY America/Panama=PA America/Port_of_Spain=TT America/Puerto_Rico=PR America/Santiago=CL
    America/Santo_Domingo=DO America/Tegucigalpa=HN America/Managua=NI America/Guayaquil=EC
    Asia/Almaty=KZ Asia/Amman=JO Asia/Baghdad=IQ Asia/Bahrain=BH Asia/Baku=AZ Asia/Bangkok=TH Asia/Beirut=LB
    Asia/Colombo=LK Asia/Dhaka=BD Asia/Dubai=AE Asia/Ho_Chi_Minh=VN Asia/Hong_Kong=HK Asia/Jerusalem=IL
    Asia/Karachi=PK Asia/Kathmandu=NP Asia/Kolkata=IN Asia/Kuala_Lumpur=MY Asia/Kuwait=KW Asia/Macau=MO Asia/Manila=PH
    Asia/Muscat=OM Asia/Phnom_Penh=KH Asia/Qatar=QA Asia/Riyadh=SA Asia/Seoul=KR Asia/Shanghai=CN Asia/Singapore=SG
    Asia/Taipei=TW Asia/Tashkent=UZ Asia/Tbilisi=GE Asia/Tokyo=JP Asia/Yerevan=AM
    Atlantic/Reykjavik=IS Europe/Amsterdam=NL Europe/Andorra=AD Europe/Athens=GR Europe/Belgrade=RS Europe/Berlin=DE
    Europe/Bratislava=SK Europe/Brussels=BE Europe/Bucharest=RO Europe/Budapest=HU Europe/Chisinau=MD
    Europe/Copenhagen=DK Europe/Dublin=IE Europe/Helsinki=FI Europe/Istanbul=TR Europe/Kyiv=UA Europe/Lisbon=PT
    Europe/Ljubljana=SI Europe/London=GB Europe/Luxembourg=LU Europe/Madrid=ES Europe/Malta=MT Europe/Minsk=BY
    Europe/Monaco=MC Europe/Oslo=NO Europe/Paris=FR Europe/Podgorica=ME Europe/Prague=CZ Europe/Riga=LV Europe/Rome=IT
    Europe/San_Marino=SM Europe/Sarajevo=BA Europe/Skopje=MK Europe/Sofia=BG Europe/Stockholm=SE Europe/Tallinn=EE
    Europe/Tirane=AL Europe/Vaduz=LI Europe/Vienna=AT Europe/Vilnius=LT Europe/Warsaw=PL Europe/Zagreb=HR
    Europe/Zurich=CH Asia/Nicosia=CY Indian/Mauritius=MU Pacific/Auckland=NZ Pacific/Fiji=FJ
    """
)
# Left out: states that are cut through by a zone (US-ID, US-IN, US-KY, US-ND, US-NE, US-SD, US-TN).
_STATES = _table(
    """
    America/New_York=US-CT,US-DC,US-DE,US-FL,US-GA,US-MA,US-MD,US-ME,US-MI,US-NC,US-NH,US-NJ,US-NY,US-OH,US-PA,US-RI
    America/New_York=US-SC,US-VA,US-VT,US-WV
    America/Chicago=US-AL,US-AR,US-IA,US-IL,US-KS,US-LA,US-MN,US-MO,US-MS,US-OK,US-TX,US-WI
    America/Denver=US-CO,US-MT,US-NM,US-UT,US-WY America/Phoenix=US-AZ America/Anchorage=US-AK Pacific/Honolulu=US-HI
    America/Los_Angeles=US-CA,US-NV,US-OR,US-WA
    America/Toronto=CA-ON,CA-QC America/Halifax=CA-NS,CA-PE America/Moncton=CA-NB America/St_Johns=CA-NL
    America/Winnipeg=CA-MB America/Regina=CA-SK America/Edmonton=CA-AB America/Vancouver=CA-BC America/Whitehorse=CA-YT
    Australia/Sydney=AU-NSW,AU-ACT Australia/Melbourne=AU-VIC Australia/Brisbane=AU-QLD Australia/Adelaide=AU-SA
    Australia/Perth=AU-WA Australia/Darwin=AU-NT Australia/Hobart=AU-TAS
    America/Sao_Paulo=BR-SP,BR-RJ,BR-MG,BR-ES,BR-PR,BR-SC,BR-RS,BR-GO,BR-DF America/Bahia=BR-BA America/Recife=BR-PE
    America/Fortaleza=BR-CE America/Manaus=BR-AM
    America/Mexico_City=MX-CMX,MX-MEX,MX-JAL,MX-PUE,MX-QUE,MX-GUA America/Monterrey=MX-NLE America/Tijuana=MX-BCN
    Asia/Jakarta=ID-JK,ID-JB,ID-BT,ID-JT,ID-JI,ID-YO Asia/Makassar=ID-BA Europe/Moscow=RU-MOW,RU-SPE
    """
)


@lru_cache(512)
def zone_of(country: str | None, state: str | None) -> tzinfo | None:
    """country: ISO alpha-2; state: ISO 3166-2."""
    name = _STATES.get(state or "") or _COUNTRIES.get(country or "")
    return ZoneInfo(name) if name else None


@lru_cache(64)
def named_zone(name: str) -> tzinfo:
    """The zone of an IANA name. Raises ZoneInfoNotFoundError for a name that does not exist."""
    return ZoneInfo(name)


def hour_there(now: datetime, country: str | None, state: str | None) -> datetime | None:
    """`now` on the clock of that place, None where the place does not settle it."""
    zone = zone_of(country, state)
    return now.astimezone(zone) if zone else None
