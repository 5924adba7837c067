"""The words by which a message is judged: a table of signals, each with what it is worth and what it says to people."""

from __future__ import annotations

from dataclasses import dataclass

from graph.rules.text import words


@dataclass(frozen=True, slots=True)
class Signal:
    """points: added to the score (0..1) once, however often it is said. highest: the score goes no higher with it.
    reason: in words, empty for what is no reason. phrases: in lower case, separated by `;`."""

    name: str
    points: float
    reason: str
    phrases: str
    highest: float = 1.0


NEGATIONS = words("no not don't dont doesn't without never kein keine nicht pas sans sin sem non ohne zonder geen")

SIGNALS = (
    Signal(
        "demo", 0.24, "asks for a demonstration",
        "demo;demos;demonstration;walkthrough;walk through;trial;poc;proof of concept;pilot;book a call;"
        "schedule a call;set up a call;arrange a call;book a meeting;schedule a meeting;see it in action;"
        "talk to sales;speak to sales;speak with sales;talk to someone;vorführung;präsentation;termin;testzugang;"
        "démonstration;démo;rendez-vous;essai;demostración;reunión;prueba;demonstração;reunião;dimostrazione;prova;"
        "demonstratie;afspraak;デモ;演示;试用;데모",
    ),
    Signal(
        "pricing", 0.20, "asks for a price",
        "price;prices;pricing;quote;quotation;quotes;how much;what does it cost;cost of;cost per;rfp;rfq;rfi;"
        "tender;licensing;license cost;enterprise plan;preis;preise;preisliste;angebot;kosten;lizenz;lizenzen;prix;"
        "tarif;tarifs;devis;offre;precio;precios;cotización;tarifa;tarifas;preço;preços;orçamento;cotação;prezzo;"
        "prezzi;preventivo;prijs;prijzen;offerte;was kostet;combien coûte;cuánto cuesta;quanto custa;quanto costa;"
        "価格;見積;料金;价格;报价;가격;견적",
    ),
    Signal(
        "need", 0.12, "has a need",
        "need;needs;require;requirement;requirements;looking for;looking at;looking to;in search of;interested in;"
        "want to;would like;we are moving;problem;struggling;pain;challenge;brauchen;benötigen;suchen;"
        "interessieren;besoin;cherchons;recherchons;intéressés;souhaitons;necesitamos;buscamos;interesados;"
        "precisamos;procuramos;cerchiamo;abbiamo bisogno;zoeken;nodig",
    ),
    Signal(
        "buying", 0.10, "speaks of a purchase",
        "budget;buy;buying;purchase;purchasing;procurement;purchase order;approved;sign off;contract;renewal;"
        "decision maker;kaufen;beschaffung;einkauf;acheter;achat;comprar;compra;acquistare;kopen",
    ),
    Signal(
        "comparing", 0.10, "compares vendors",
        "comparing;compare;comparison;evaluate;evaluating;evaluation;shortlist;shortlisted;alternative;"
        "alternatives;replace;replacing;replacement;migrate;migrating;migration;switch from;switching from;"
        "move off;moving off;vendor;vendors;versus;vergleichen;evaluieren;ablösen;ersetzen;comparons;évaluons;"
        "remplacer;comparando;evaluando;reemplazar;avaliando;substituir;confrontando;datadog;dynatrace;new relic;"
        "newrelic;splunk;appdynamics;honeycomb;instana;lightstep;elastic apm;grafana cloud;sentry;chronosphere",
    ),
    Signal("timeline", 0.10, "names a time", ""),
    Signal("scale", 0.10, "names its size", ""),
    Signal(
        "urgent", 0.06, "is in a hurry",
        "urgent;urgently;asap;as soon as possible;immediately;right away;today;tomorrow;this week;deadline;outage;"
        "outages;dringend;sofort;so schnell wie möglich;urgence;immédiatement;au plus vite;urgente;cuanto antes;"
        "lo antes posible;o quanto antes;il prima possibile;spoed",
    ),
    Signal(
        "technical", 0.05, "names its technology",
        "observability;tracing;traces;telemetry;opentelemetry;otel;apm;monitoring;logging;logs;metrics;kubernetes;"
        "k8s;microservices;openshift;prometheus;grafana;kafka;aws;azure;gcp;on-call;sre;slo;slos;latency;"
        "überwachung;supervision;monitoreo;monitoramento;monitoraggio",
    ),
    Signal(
        "soon", 0.03, "",
        "soon;shortly;this year;in the near future;evaluating now;bald;demnächst;bientôt;pronto;em breve",
    ),
    Signal("glad", 0.0, "", "great;love;excited;impressed;awesome;excellent;amazing;fantastic;looking forward;happy to;"
           "toll;begeistert;super;génial;ravi;ravis;excelente;encantados;ótimo;ottimo"),
    Signal("sorry", 0.0, "", "frustrated;frustrating;disappointed;unhappy;annoyed;angry;tired of;fed up;bad experience;"
           "unzufrieden;verärgert;déçu;déçus;decepcionado;insatisfeito;deluso"),
    Signal(
        "browsing", -0.12, "is only looking",
        "just looking;just browsing;only looking;just curious;no project;no budget;not interested;no rush;no plans;"
        "keep me posted;keep me updated;newsletter;for later;maybe later;nur informieren;nur mal schauen;"
        "kein budget;simple curiosité;solo mirando;só olhando",
        highest=0.55,
    ),
    Signal(
        "partnership", -0.10, "offers a partnership",
        "partner;partners;partnership;partnering;reseller;resell;reselling;affiliate;white label;distributor;"
        "co-marketing;joint venture;integration partner;partnerschaft;wiederverkäufer;partenariat;revendeur;"
        "alianza;distribuidor;parceria;revenda;collaborazione",
        highest=0.6,
    ),
    Signal(
        "support", -0.20, "asks for support",
        "not working;doesn't work;does not work;isn't working;stopped working;can't log in;cannot log in;"
        "can't login;cannot login;log in to my account;reset my password;password reset;my password;"
        "forgot my password;support ticket;ticket number;my account;my invoice;invoice;refund;bug report;"
        "found a bug;error message;help me with;how do i;existing customer;already a customer;our subscription;"
        "funktioniert nicht;passwort;rechnung;kundennummer;ne fonctionne pas;mot de passe;facture;remboursement;"
        "no funciona;contraseña;factura;reembolso;não funciona;senha;fatura;non funziona;fattura",
        highest=0.45,
    ),
    Signal(
        "complaint", -0.25, "complains",
        "complaint;complain;complaining;unacceptable;terrible;awful;worst;disgusting;disgraceful;waste of;rip off;"
        "scam;lawsuit;lawyer;report you;beschwerde;beschweren;unverschämt;réclamation;inacceptable;scandaleux;"
        "queja;inaceptable;reclamação;inaceitável;reclamo;inaccettabile;klacht",
        highest=0.4,
    ),
    Signal(
        "student", -0.15, "is for study",
        "student;students;thesis;dissertation;homework;assignment;school project;university project;class project;"
        "research paper;my studies;bachelorarbeit;masterarbeit;hausarbeit;mémoire de;tesis;tfg;tcc;tesi di",
        highest=0.3,
    ),
    Signal(
        "job", -0.20, "looks for work",
        "job;jobs;vacancy;vacancies;internship;my cv;my resume;my résumé;cover letter;job application;apply for;"
        "career;careers;open position;bewerbung;praktikum;lebenslauf;stellenangebot;candidature;stage;emploi;"
        "currículum;empleo;vaga;curriculum;lavoro",
        highest=0.3,
    ),
    Signal(
        "pitch", -0.25, "sells to us",
        "we offer;we provide;our services;our agency;our team of developers;seo;backlinks;guest post;link building;"
        "outsource;outsourcing;offshore;web design;website design;lead generation;increase your traffic;"
        "grow your business;rank higher;first page of google;came across your website;visited your website;"
        "your website could;we help companies;we help businesses;boost your;business loan;crypto;bitcoin;casino",
        highest=0.25,
    ),
    Signal(
        "unsubscribe", -0.40, "wants no contact",
        "unsubscribe;remove me;opt out;opt-out;stop emailing;stop sending;stop contacting;do not contact;"
        "don't contact;do not email;delete my data;delete my account;take me off;abmelden;abbestellen;"
        "löschen sie meine;désabonner;désinscrire;darme de baja;cancelar suscripción;descadastrar;"
        "cancelar inscrição;disiscrivere;uitschrijven",
        highest=0.02,
    ),
)  # fmt: skip
"""In the order in which reasons of equal weight are told."""


def _is_unspaced(phrase: str) -> bool:
    """Chinese, Japanese and Korean are searched as they stand: their words are not set apart by spaces."""
    return ord(phrase[0]) >= 0x3000


def _starts() -> dict[str, tuple[tuple[tuple[str, ...], Signal], ...]]:
    table: dict[str, list[tuple[tuple[str, ...], Signal]]] = {}
    for signal in SIGNALS:
        for phrase in filter(None, signal.phrases.split(";")):
            if not _is_unspaced(phrase):
                parts = tuple(phrase.replace("-", " ").split())
                table.setdefault(parts[0], []).append((parts, signal))
    return {first: tuple(phrases) for first, phrases in table.items()}


STARTS = _starts()
"""First word of a phrase -> (the phrase's words, its signal)."""

UNSPACED = tuple(
    (phrase, signal) for signal in SIGNALS for phrase in signal.phrases.split(";") if phrase and _is_unspaced(phrase)
)
"""(text to search, its signal) in scripts without spaces."""
