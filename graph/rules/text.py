"""Cleans what a stranger typed, and folds it for comparison.

Cleaning bounds the length and takes out what can only do harm (NUL, control characters, lone surrogates, marks that
reverse the direction of writing); it never rewords. Folding gives a key to compare by; it is never shown or stored.
"""

from __future__ import annotations

import re
import unicodedata

_HARMFUL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")

# Latin letters that Unicode does not take apart into a letter and an accent.
_UNACCENTED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "æ": "ae", "œ": "oe"})
_COMBINING = range(0x300, 0x370)  # accents of Latin, Greek and Cyrillic; marks of other scripts are letters to them


def words(text: str) -> frozenset[str]:
    """The words of a table written as text, separated by white space."""
    return frozenset(text.split())


_PLACEHOLDERS = words(
    "- -- --- – — _ / . .. ... * ** *** x xx ? ?? ??? n/a n.a. n.a #n/a #ref! none null nil nan undefined unknown tbd "
    "other/unknown k.a. k.a n.v.t."
)
_PLACEHOLDER_KEYS = words(
    """
    notapplicable notavailable pleaseselect pleasechoose select selectone selectacountry selectcountry selectastate
    selectstate selectindustry choose chooseone chooseacountry bitteauswahlen bittewahlen seleccione selecciona
    selectionnez choisir choisissez selecione scegli selezionare maakeenkeuze wybierz
    """
)
# What people put into a field of free text that must not be empty. Not for codes and lists: NO is Norway.
_NO_ANSWER_KEYS = words(
    """
    test tests testing testtest testtesttest testing123 test1 test123 no none non nope nothing nada nil na notapplicable
    notprovided notgiven noanswer nocompany noname notitle nophone nowebsite nosite anonymous anonym
    kein keine keiner keines keineangabe keineangaben nichtvorhanden entfallt unbekannt
    aucun aucune neant sansobjet rien inconnu ninguno ninguna ningun nadie sin sindatos noaplica desconocido
    nenhum nenhuma naoaplicavel naotem desconhecido nessuno nessuna niente nondisponibile sconosciuto
    geen niet nietvantoepassing nvt onbekend ingen inget inga intet ukendt okand eioole eimitaan brak niemam nieznany
    zadna zadny neni yok hayir нет неизвестно тест なし 無し 无 没有 無 없음 テスト 测试 테스트
    """
)


_LONGEST_PLACEHOLDER = 40
_BEGINNINGS = frozenset(word[:2] for word in _PLACEHOLDERS | _PLACEHOLDER_KEYS | _NO_ANSWER_KEYS)


def line(typed: str | None, limit: int = 200) -> str | None:
    """One line, at most `limit` characters: white space collapsed, harmful characters out; None when none is left."""
    if typed is None:
        return None
    if len(typed) > limit:
        typed = typed[: 4 * limit]  # a bound for the work below, generous to white space
    if not typed.isprintable():
        typed = _HARMFUL.sub("", typed)
    return " ".join(typed.split())[:limit].rstrip() or None


def block(typed: str | None, limit: int) -> str | None:
    """Text of several lines, at most `limit` characters; line breaks become `\\n`, everything else stays as typed."""
    if typed is None:
        return None
    if not typed.isprintable():
        typed = _HARMFUL.sub("", typed[: 4 * limit].replace("\r\n", "\n").replace("\r", "\n"))
    return typed.strip()[:limit].rstrip() or None


def choice(typed: str | None, limit: int = 200) -> str | None:
    """A line of a field that people must fill: "n/a", "-", "Please select" are blank."""
    text = line(typed, limit)
    return None if text is None or is_placeholder(text) else text


def answer(typed: str | None, limit: int = 200) -> str | None:
    """A line of free text: what is no choice is no answer, and neither is "test", "keine Angabe" or "aucun"."""
    text = line(typed, limit)
    return None if text is None or is_no_answer(text) else text


def is_no_answer(text: str) -> bool:
    return _may_say_nothing(text) and (is_placeholder(text) or fold(text) in _NO_ANSWER_KEYS)


def is_placeholder(text: str) -> bool:
    return _may_say_nothing(text) and (text.casefold() in _PLACEHOLDERS or fold(text) in _PLACEHOLDER_KEYS)


def _may_say_nothing(text: str) -> bool:
    """Nearly all texts do say something, and their first two letters show it; folding costs more than all else that is done
    to a field."""
    first = text[:2]
    return len(text) <= _LONGEST_PLACEHOLDER and (
        not (first.isascii() and first.isalnum()) or first.lower() in _BEGINNINGS
    )


def fold(text: str) -> str:
    """A key to compare names by: case, accents, punctuation and spaces do not count. `"Ünited  K." -> "unitedk"`.

    Letters of all scripts stay, and so do vowel signs and voicing marks of scripts that need them.
    """
    if text.isascii():
        return "".join(filter(str.isalnum, text.casefold()))
    folded = unicodedata.normalize("NFKD", text.casefold()).translate(_UNACCENTED)
    kept = (c for c in folded if c.isalnum() or (ord(c) not in _COMBINING and unicodedata.category(c)[0] == "M"))
    return unicodedata.normalize("NFC", "".join(kept))
