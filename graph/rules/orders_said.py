"""The words by which orders to a language model, or to our systems, are recognised: a table; `orders` says what is done.

A row is what a text must hold at least one of, separated by `;`, and the expression that is then searched: nearly every
message is spared nearly every search. Text is in lower case. Spans between words are bounded, so that the longest
message is searched in time.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

_ENGLISH = (
    ("ignor;disregard;forget;overrid;bypass",
     (r"\b(?:ignore|disregard|forget|override|bypass)\s+(?:(?:\w+\s+){0,4}(?:instructions?|prompts?)\b"
     r"|(?:all|any|every|your|these|previous|prior|the\s+above)\s+(?:\w+\s+){0,3}(?:rules?|guidelines?|context|constraints?)\b"
     r"|(?:everything|all(?:\s+of)?\s+(?:that|this|the|it))\b)")),
    ("system;developer", r"\b(?:system|developer)\s+(?:prompt|instructions?|message|override|notice)\b"),
    ("reveal;print;repeat;show;leak;output",
     r"\b(?:reveal|print|repeat|show|leak|output)\b[^.!?\n]{0,30}\byour\s+(?:\w+\s+){0,2}(?:instructions?|prompts?|rules)\b"),
    ("you are",
     (r"\byou\s+are\s+(?:(?:now|no\s+longer)\s+(?:an?|the|in|dan|free|bound)\b"
     r"|(?:an?\s+)?(?:\w+\s+){0,3}(?:language\s+model|ai\s+(?:model|assistant|agent)|llm|chatbot|grader)\b)")),
    (" as ", r"\b(?:act|behave|respond|answer)\s+as\s+(?:if|an?\s+(?:ai|assistant|admin|model|system)|dan)\b"),
    ("pretend;imagine;role-play;roleplay",
     (r"\b(?:pretend|imagine|role-?play)\b[^.!?\n]{0,30}\b(?:you\s+are|you're|to\s+be|as)\b[^.!?\n]{0,40}"
     r"\b(?:ai|assistant|model|admin|system|grader|scorer|dan|lead\s+scor\w+|without\s+(?:rules|limits))\b")),
    ("jailbreak;developer mode;dan mode;god mode", r"\b(?:jailbreak|(?:developer|dan|god)\s+mode)\b"),
    (" ai;llm;gpt;model;assistant;bot;scoring;crm;router",
     (r"\b(?:dear|attention|hey|hello|hi|to\s+the|(?:note|message)\s+(?:to|for)(?:\s+the)?)\s+"
     r"(?:ai|llm|gpt|chatgpt|language\s+model|assistant|model|bot|scoring\s+(?:model|system|engine)|crm|router)\b")),
    ("note to;note for;instructions to;instructions for;instruction to;instruction for;message to;message for",
     (r"\b(?:note|instructions?|message)\s+(?:to|for)\s+(?:the\s+|whichever\s+)?(?:sales(?:person|\s+rep\w*|\s+team)?\b"
     r"|rep\b|account\s+executive|owner)\b")),
    ("if you are;whoever is;any ",
     (r"\b(?:if\s+you\s+are|whoever\s+is|any)\s+(?:an?\s+|the\s+)?(?:ai|llm|model|language\s+model|sales\s*person"
     r"|account\s+executive|rep)\b[^.!?\n]{0,40}\b(?:read|process|scor|handl|must|should|give)")),
    ("score;rate ;rank;grade;mark ;classify;treat ;label ;flag ",
     (r"\b(?:score|rate|rank|grade|mark|classify|treat|label|flag)\s+(?:this|me|us|my|it|our)\b[^.!?\n]{0,60}"
     r"\b(?:100|10/10|[01]\.\d+|perfect|highest|maximum|max|top|hot|vip|qualified|priority)\b")),
    ("score;rating;tier",
     r"\b(?:give|set|assign|award)\s+(?:me|us|it|this|the|a|an)\b[^.!?\n]{0,40}\b(?:scores?|rating|tier)\b"),
    ("json", r"\b(?:output|respond|reply|answer|return\s+only)\b[^.!?\n]{0,40}\bjson\b"),
    ("score", r"\bscore\s*[\"']?\s*(?:[:=]|must\s+be|should\s+be|is\s+now)\s*[\"']?\s*\d"),
    ("score;tier;owner;intent;path",
     r"\b(?:score|tier|owner|intent|path)\s*[\"']?\s*[:=]\s*[\"']?\s*(?:top|hot|high|demo_request|qualif\w+|[\w.+-]+@|<)"),
    ("lead;record",
     (r"\b(?:assign|route|give|hand|transfer|send)\s+(?:this|the|my|our)\s+(?:lead|record)\b"
     r"[^.!?\n]{0,20}\bto\b")),
    ("owner", r"\b(?:set|change|make|override)\s+(?:the\s+)?(?:lead\s+)?owner\b"),
    ("routing;scoring;filter;nurture;review",
     r"\b(?:skip|bypass|disable)\s+(?:the\s+)?(?:routing|scoring|filters?|nurture|review)\b"),
)  # fmt: skip
_SHAPES = (
    ("<", (r"<\s*/?\s*(?:system|assistant|user|instructions?|lead|facts|tool_call|function_call|tool|message)\b[^>]{0,40}>"
          r"|<\|[a-z_]{2,20}\|>|<</?sys>>")),
    ("system;assistant;developer;human;ai:;ai :", r"^\s*(?:system|assistant|developer|human|ai)\s*:"),
    ("inst];system]", r"\[/?(?:inst|system)\]"),
    ("#", r"^\s*\#{1,4}\s*(?:system|instructions?|new\s+instructions?|assistant|response)\b"),
    ("role;tool_;function_call;system", r"[\"'](?:role|tool_calls?|function_call|tool_use|system)[\"']\s*:"),
)  # fmt: skip
_OTHER_LANGUAGES = (
    ("ignorier", r"\bignorier\w*\b[^.!?\n]{0,40}\b(?:anweisung|anleitung|regeln|vorgaben)"),
    ("vergiss", r"\bvergiss\b[^.!?\n]{0,40}\b(?:anweisung|regeln|alles)"),
    ("bewerte", r"\bbewerte\b[^.!?\n]{0,60}\b(?:100|höchst|maximal|10)"),
    ("ignor", r"\bignor(?:ez|e|a|ar|en|are)\b[^.!?\n]{0,40}\b(?:instruc|instruç|istruz|consignes?|règles|reglas|regras|regole)"),
    ("oubli", r"\boubli(?:ez|e)\b[^.!?\n]{0,30}\b(?:instructions?|consignes?|règles)"),
    ("attribu;donne;note", r"\b(?:attribue[zr]?|donne[zr]?|notez)\b[^.!?\n]{0,40}\b(?:score|note|100|10/10)\b"),
    ("olvida;desconsidere;esqueça;dimentica",
     r"\b(?:olvida|desconsidere|esqueça|dimentica)\b[^.!?\n]{0,40}\b(?:instruc|instruç|istruz|reglas|regras|regole)"),
    ("punt;califica;asigna;atribua;avalie;assegna;valuta",
     r"\b(?:punt[uú]a|califica|asigna|atribua|avalie|assegna|valuta)\b[^.!?\n]{0,60}\b(?:100|10/10|máxim\w+|massim\w+)"),
    ("negeer", r"\bnegeer\b[^.!?\n]{0,40}\b(?:instructies|opdrachten|regels)"),
    ("ignorera", r"\bignorera\b[^.!?\n]{0,40}\binstruktion"),
    ("ignoruj;pomiń", r"\b(?:zignoruj|ignoruj|pomiń)\b[^.!?\n]{0,40}\b(?:instrukcj|polece|pokyny)"),
    ("игнорируй;забудь;ігноруй", r"(?:игнорируй|забудь|ігноруй)[^.!?\n]{0,40}(?:инструкци|указани|правил|інструкц)"),
    ("оцени;поставь;присвой", r"(?:оцени|поставь|присвой)[^.!?\n]{0,40}(?:100|максим|высш)"),
    ("talimat", r"\bönceki\b[^.!?\n]{0,30}\btalimat|\btalimatları\b[^.!?\n]{0,20}\b(?:yok\s+say|unut)"),
    ("忽略;无视;無視;忘记;忽視", r"(?:忽略|无视|無視|忘记|忽視)[^。！？\n]{0,20}(?:指令|指示|规则|規則|提示)"),
    ("指示;命令;ルール;プロンプト", r"(?:指示|命令|ルール|プロンプト)[^。！？\n]{0,10}(?:無視|忘れ)"),
    ("满分;滿分;満点;100分;100点;最高分;最高点", r"满分|滿分|満点|100分|100点|最高分|最高点"),
    ("무시;잊어", r"(?:지시|명령|규칙|프롬프트)[^.!?\n]{0,12}(?:무시|잊어)"),
    ("تجاهل;انس", r"(?:تجاهل|انس)[^.!?\n]{0,40}(?:تعليمات|الأوامر)"),
    ("התעלם;התעלמו", r"(?:התעלם|התעלמו)[^.!?\n]{0,30}הוראות"),
    ("निर्देश;आदेश",
     r"(?:निर्देश|आदेश)[^.!?\n।]{0,30}(?:अनदेखा|नज़रअंदाज़|भूल)|(?:अनदेखा|नज़रअंदाज़)[^.!?\n।]{0,30}(?:निर्देश|आदेश)"),
    ("abaikan;lupakan", r"\b(?:abaikan|lupakan)\b[^.!?\n]{0,30}\b(?:instruksi|perintah)"),
    ("bỏ", r"\bbỏ\s+qua\b[^.!?\n]{0,30}(?:hướng\s+dẫn|chỉ\s+dẫn)"),
)  # fmt: skip

Orders: TypeAlias = tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]


def _by_hint() -> Orders:
    """(hint, expressions to search where a text holds it). A hint that holds another one (`ignorier` holds `ignor`) is left
    to that one: a text without the shorter has not the longer either, so that some ninety looks do for all rows."""
    rows = [
        (hints.split(";"), re.compile(pattern, re.MULTILINE))
        for hints, pattern in (*_ENGLISH, *_SHAPES, *_OTHER_LANGUAGES)
    ]
    every = {hint for hints, _ in rows for hint in hints}
    found: dict[str, dict[re.Pattern[str], None]] = {}
    for hints, expression in rows:
        for hint in hints:
            found.setdefault(min((one for one in every if one in hint), key=len), {})[expression] = None
    return tuple((hint, tuple(expressions)) for hint, expressions in found.items())


ORDERS: Final = _by_hint()
ASCII_ORDERS: Final = tuple(row for row in ORDERS if row[0].isascii())
"""All that a text in ASCII can hold."""
