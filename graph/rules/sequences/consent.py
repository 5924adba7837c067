"""May this person be sent a mail that they did not ask for? By what they said, and by where they are.

`by_country` asks for a yes where the law does. EU and EEA: directive 2002/58/EC, article 13; UK: PECR 2003, regulation 22;
Switzerland: UWG, article 3 (1) o; Canada: CASL, section 6; Australia: Spam Act 2003, section 16. A country that is not known
counts as one of them. This is a cautious default and no legal advice: a file may say `given` or `not_refused` instead.
"""

from __future__ import annotations

from typing import Final

from graph.domain.sequence import NeedsConsent

OPT_IN: Final = frozenset(
    (
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT",
        "NL", "PL", "PT", "RO", "SE", "SI", "SK", "IS", "LI", "NO", "GB", "CH", "CA", "AU",
    )
)  # fmt: skip


def refusal(needs: NeedsConsent, consent: bool | None, country: str | None) -> str | None:
    """Why nothing may be sent, as a sentence, or None where it may. country: ISO alpha-2."""
    if consent is False:
        return "The person has refused consent."
    if consent is True or needs == "not_refused":
        return None
    if needs == "given":
        return "The sequence needs the person's consent, and none was given."
    if country is None:
        return "No consent was given, and the person's country is not known."
    return f"No consent was given, and {country} asks for it." if country in OPT_IN else None
