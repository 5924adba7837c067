"""Reads a job title: how senior the person is, and which function they work in.

Never guesses from a part of a word ("director" is no CTO), and never lets a title borrow the rank of the person it
serves ("Assistant to the CEO" assists). Rules, first match wins: nothing typed, junior, helper, C-level, VP, director,
manager; whatever else is typed is the work of an individual. Common German, French, Spanish, Portuguese, Italian and
Dutch titles are read too.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from graph.domain.lead import Seniority

CACHE = 4096
"""Distinct titles remembered; real forms repeat a few hundred."""


def _words(alternatives: str) -> re.Pattern[str]:
    """Matches any of the alternatives, separated by white space, as whole words of a folded title; `_` is a space."""
    return re.compile(r"\b(?:" + "|".join(alternatives.split()).replace("_", " ") + r")\b")


_BLANK = _words(r"n_a na none null test unknown xx+ not_applicable keine aucun ninguno")
_SERVED = re.compile(r" (?:report(?:s|ing)? )?to (?:the )?.*| for (?:the |our )?(?:c[a-z]o|president|vp)\b.*")
_JUNIOR = _words(
    r"""
    intern internship trainee apprentice students? undergraduate graduate working_student praktikant\w*
    werkstudent\w* studierende\w* azubi auszubildende\w* stagiaire alternante? etudiante? estudiante becari[oa]
    practicante estagiari[oa] tirocinante stagista
    """
)
_PAST = re.compile(r"^(?:former|formerly|ex|retired|aspiring|future|ehemalige[rs]?|ancien(?:ne)?|ex) \b")
_HELPER = _words(
    r"""
    assistant assistante assistent\w* assistenz asistente secretary sekretar\w* secretaire(?!_general)
    secretari[oa](?!_general) (?<!\w_)(?:pa|ea) aide \w+assistenz \w+assistent(?:in)?
    """
)
_OWN_HELPER = re.compile(
    r"\b(?:c[a-z]o|president|director|vp|founder|chairman|managing partner) (?:s )?(?:executive |personal |office )?"
    r"(?:assistant|secretary|office)\b"
)
_RANK_AFTER = re.compile(r"^ (?:vice president|vp|director|manager|general manager|head|principal)\b")
_VP = _words(
    r"""
    (?:vice|vize)_?pr[ea]sident\w* vice_?presiden\w+ [aegrs]?vps? v_p [aegrs]_v_p vice_pres vice_?presidencia
    """
)
_C_LEVEL = _words(
    r"""
    c[efotmipshrx]o cao cbo cco cdo cgo cko clo cno cpto ciso cseo chro cxo chief_(?:\w+_){1,5}?officers?
    chief_executive chief_(?!of_staff|architect|engineer|counsel|\w+_counsel)
    (?:co_?)?founders?(?!_(?:s_)?(?:associate|office)) (?<!product_)(?<!process_)(?<!service_)(?:co_?)?owner
    proprietor (?:co_?|vice_)?chair(?:man|woman|person) (?:co_)?chair board_?members? board_of_directors
    member_of_the_(?:\w+_){0,3}board managing_(?:general_)?partner executive_officer c_(?:level|suite)
    geschaftsfuhr\w+ geschaeftsfuehr\w+ geschaftsleit\w+ vorstand\w* inhaber(?:in)? (?:mit)?grunder(?:in)?
    (?:mit)?gruender(?:in)? prokurist(?:in)? pdg p_d_g president_directeur_general president
    (?:directeur|directrice|director|directora)_general[e]? (?:co_?)?fondateur (?:co_?)?fondatrice gerante? dsi
    chef_d_entreprise dirigeante? consejer[oa]_delegad[oa] (?:co_?)?fundador[a]? gerente_general
    director[a]?_ejecutiv[oa] presidente propietari[oa] duen[oa] soci[oa]_director[a]? diretor[a]?_executiv[oa]
    diretor[a]?_geral amministratore_(?:delegato|unico) direttore_generale algemeen_directeur eigenaar bestuurder
    titolare
    """
)
_DIRECTOR = _words(
    r"""
    directors? directeur directrice direktor(?:in)? director[a] direttore direttrice diretor[a]?
    (?:sub|vice)director[a]? dir md president head(?!_(?:chef|nurse|teacher|coach|dentist|waiter|cook|chocolatier))
    chief dean (?!team|gruppen|projekt|schicht|filial|markt|bau)\w*leit(?:er|erin|ung) leitende[rs]? drh daf rssi
    general_counsel secretaire_generale? secretari[oa]_general
    """
)
_MANAGER = _words(
    r"""
    managers? managerin mgr manageress management lead (?:co_?)?leaders? supervisor foreman \w+leit(?:er|erin|ung)
    \w+manager(?:in)? responsable responsabile gerente jef[ea] chef_(?:de|d)_\w+ encargad[oa] coordinateur
    """
)
_UNIT_AFTER = r"(?: (?:of|for|de|du|des|del)\b| ,| -| \()"
_PRESIDENT_OF_UNIT = re.compile(rf"(?<!vice )\bpresident{_UNIT_AFTER}")
_MANAGING_DIRECTOR = re.compile(
    r"^(?:group |deputy |co )?(?:managing director|md)$|\bmanaging director (?:&|and) (?:ceo|owner)"
)


@lru_cache(CACHE)
def _fold(title: str) -> str:
    """Lower case, accents off, punctuation to single separators: `Sr. V.P., Sales` -> `sr vp , sales`."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", title[:200]) if not unicodedata.combining(c)).casefold()
    plain = re.sub(r"[.'’/_:;|+]+", " ", plain)
    plain = re.sub(r"(\w)-(?=\w)", r"\1 ", plain)
    plain = re.sub(r"([,&()–-])", r" \1 ", plain)
    plain = re.sub(r"\s+", " ", plain).strip()
    return re.sub(r"\b[a-z](?: [a-z]\b)+", lambda letters: letters[0].replace(" ", ""), plain)


@lru_cache(CACHE)
def seniority(title: str | None) -> Seniority:
    """The rank a title names; of several the highest. `unknown` when nothing readable was typed."""
    text = _fold(title or "")
    if not re.search("[a-z]{2}", text) or _BLANK.fullmatch(text):
        return "unknown"
    text = _SERVED.sub("", text) or text
    if _JUNIOR.search(text) or _PAST.search(text) or _helps(text):
        return "individual"
    without_vp = _VP.sub(" ", text)
    if _is_c_level(without_vp):
        return "c_level"
    if without_vp != text:
        return "vp"
    if _DIRECTOR.search(text):
        return "director"
    return "manager" if _MANAGER.search(text) else "individual"


def _helps(text: str) -> bool:
    """Whether the first rank-like word is a helper's; "Assistant Vice President" and "Assistant Director" are ranks."""
    if _OWN_HELPER.search(text):
        return True
    found = _HELPER.search(text)
    if found is None or _RANK_AFTER.match(text[found.end() :]):
        return False
    before = text[: found.start()]
    return not (_VP.search(before) or _C_LEVEL.search(before) or _DIRECTOR.search(before) or _MANAGER.search(before))


def _is_c_level(text: str) -> bool:
    """The whole company's head or a chief officer. The president of a unit, or its managing director, heads a unit."""
    if _MANAGING_DIRECTOR.search(text):
        return True
    return _C_LEVEL.search(_PRESIDENT_OF_UNIT.sub(" ", text)) is not None


def _functions(table: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Parses `name: words name: words ...`; a name may come twice, for words of different weight."""
    parts = re.split(r"^ *(\w+): ", table, flags=re.MULTILINE)[1:]
    return tuple((name, _words(words)) for name, words in zip(parts[::2], parts[1::2], strict=True))


_FUNCTIONS = _functions(
    r"""
    education: students? professor\w* teacher lecturer undergraduate phd faculty instructor dean etudiante? estudiante
        werkstudent\w* professeur dozent(?:in)? lehrer(?:in)? studierende\w* postdoc
    hr: hr chro human_resources? people talent recruit\w+ personal(?:leit\w+|wesen|abteilung) ressources_humaines drh rh
        recursos_humanos rrhh personnel risorse_umane compensation
    legal: legal counsel attorney lawyer clo paralegal jurist(?:in)? juridique avocate? abogad[oa] rechtsabteilung
        compliance privacy data_protection
    engineering: (?:software|cloud|platform|devops|reliability|back_?end|front_?end|full_?stack)_(?:engineer|develop)\w*
        (?:web|mobile|data|ml|systems?|network|solutions?|principal|staff|lead|android|ios)_(?:engineer|develop)\w*
        (?:software|cloud|platform|data|systems?|network|solutions?|security)_architects? sre devops site_reliability
        chief_techn\w+
    security: ciso cyber_?security infosec secops devsecops security \w*sicherheit\w* securite seguridad rssi
        soc_analyst
    marketing: marketing cmo brand seo demand_generation communications? content growth advertising media pr
        public_relations kommunikation marketer social
    sales: sales cro account_(?:executive|manager|management) business_development biz_dev revenues? commercial
        comercial ventes ventas vertrieb\w* verkauf\w* vendite vendas sdr bdr partnerships? alliances? new_business
        key_account
    finance: cfo financ\w+ account(?:ing|ant|s) controller controlling treasur\w+ audit(?:or|ing)? tax investor
        investments? banking finanz\w* buchhalt\w* comptab\w+ daf finanzas contab\w+ procurement purchasing einkauf\w*
        achats compras buyer
    data: data(?!_center) analytics business_intelligence bi cdo machine_learning ai artificial_intelligence
        statistic\w+ datos donnees
    product: products? cpo produkt\w* produits? productos? ux design\w* user_experience
    it: it cio information_(?:technology|systems) informatik informati(?:que|ca|co) systemes?_d_information
        \w*infrastructure infrastruktur network (?:help|service)_?desk sys_?admin systems?_admin\w* systems dsi edv
        sistemas ti technology digital
    engineering: cto engineer\w* develop(?:er|ers) software programmer architects? architecture r&d r_&_d research
        researcher scientist technical tech technolog\w+ technik\w* technique tecnic[oa] cloud platform observability
        \w*entwickl\w* ingenieur\w* ingenier\w+ desarroll\w+ developpeu\w+ developpement qa quality development web
        chief_scientific
    customer: customer client support success services? kunden\w* clientele clientes?
    operations: coo operations? ops operating logistics? supply_chain manufacturing production facilities plant
        warehouse office betrieb\w* logisti\w+ operaciones exploitation project program programme projekt\w* projet
        proyecto chief_of_staff administration
    executive: ceo chief_executive (?:co_?)?founders? (?:co_?)?owner proprietor president \w*prasident(?:in)? chair
        chair(?:man|woman|person) managing_director md general_manager gm board managing_partner partner
        gesch(?:a|ae)fts(?:fu|fue)hr\w+ gesch(?:a|ae)ftsleit\w+ vorstand\w* inhaber(?:in)? (?:mit)?grunder(?:in)? pdg
        (?:directeur|directrice)_general[e]? fondateur fondatrice gerante? director[a]?_general consejer[oa]_delegad[oa]
        gerente_general (?:vice)?presidente propietari[oa] fundador[a]? amministratore_(?:delegato|unico) chief strategy
        executive_director direction
    """
)
"""First match wins, the more telling words first: "Marketing Data Analyst" is marketing, "IT Security" is security."""


@lru_cache(CACHE)
def function_of(title: str | None) -> str:
    """The function a title names: education, hr, legal, engineering, security, marketing, sales, finance, data,
    product, it, customer, operations, executive, or `unknown`."""
    text = _fold(title or "")
    for name, words in _FUNCTIONS:
        if words.search(text):
            return name
    return "unknown"
