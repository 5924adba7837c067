from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from graph.rules.gibberish import is_gibberish_name, is_gibberish_text, is_mash

NAMES = """
    Grzegorz Brzęczyszczykiewicz; Krzysztof Szczęsny; Zdzisław Źdźbło; Małgorzata Chrząszcz; Wszebor Wszędybył;
    Jiří Třebíč; Zdeněk Škrh; Vlastimil Vlk; Čtvrtek Smrčka; Ondřej Strnad; Łukasz Błaszczykowski;
    Llywelyn ap Gruffydd; Rhys Cwmtwrch; Gwenllian Ynysddu; Siân Llwyd; Nguyễn Thị Phương; Nghiêm Xuân Trường;
    Phạm Quỳnh; Zhang Xuezhong; Xu Qiqi; Ng Tsz Ching; Hsu Szu-Ying; Kwok Ngai; 山田太郎; 王小明; 김철수; محمد العلي;
    Владимир Щербаков; Armen Mkrtchyan; Henrikh Mkhitaryan; Tskhadadze Gvprtskvni; Nodar Mtskhvetadze;
    Hrvoje Crnčević; Srđan Krstić; Ljubljana Žnidaršič; Anna Schtschukin; Dietrich Schwarzschild; Jürgen Angstschweiß;
    Maud Rydqvist; Erik Holmqvist; Þorvaldur Hjörleifsson; Guðmundur Hrafnkell; Nkosazana Dlamini-Zuma;
    Mxolisi Nxumalo; Qhawekazi Mngxitama; Ngozi Nwankwo; Krishnamurthy Sriharsha; Lakshmi Thiruvengadam;
    Bhrigu Jyotsna; O'Shaughnessy McGrath; Siobhán Ní Dhomhnaill; Blaž Žvgla; Tâm Đỗ; Nwachukwu Xhosa;
    Zsófia Szmrecsányi; Gyöngyvér Schmidt; Iñaki Etxeberria; Kjersti Hjelmtveit; Lulu Barbara
"""
COMPANIES = """
    KPMG; HSBC Holdings; BBVA; DHL Express; NXP Semiconductors; Tumblr; Flickr; Xkcd Labs; PwC; thyssenkrupp AG;
    McKesson; Rhythm Pharmaceuticals; Knightsbridge Schmuck; Wärtsilä; Škoda; Žabka; Karooooo Ltd; eBay; ThisIsAName;
    GlaxoSmithKline; Mtskheta Wines; Strč & Syn s.r.o.; QinetiQ; Asda; Qwest; Property Liberty Party Up;
    Azerbaijan Airlines; Volkswagen; cbdMD; AstraZeneca; MSFT; LVMH Moët Hennessy; Bzzt; iPhoneRepairShopNYC
"""


def listed(text: str) -> list[str]:
    return [name for part in text.split(";") if (name := " ".join(part.split()))]


@pytest.mark.parametrize("name", listed(NAMES))
def test_the_name_of_a_person_is_never_gibberish(name: str) -> None:
    assert not is_gibberish_name(name)


@pytest.mark.parametrize("name", listed(COMPANIES))
def test_the_name_of_a_company_is_not_gibberish(name: str) -> None:
    assert not is_gibberish_name(name)


@pytest.mark.parametrize(
    "typed",
    [
        "asdf", "Asdf Asdf", "qwerty", "asdasdasd", "dfgdfg", "sdfsdf sdfsdf", "sdkfjhskdf", "hjkdsfhk", "xkjhgfw",
        "zxcvbn", "nLMqKxrTbHwz", "vQJwQjXkTMbUzHpS", "lololololo", "asd", "kkkkk", "bvxmnqzx", "John Sdfghjk",
        "fghfghfgh",
    ],
)  # fmt: skip
def test_keys_hit_at_random_are_gibberish(typed: str) -> None:
    assert is_gibberish_name(typed)


@pytest.mark.parametrize(
    "text",
    [
        "We run kubectl and nginx on xfs; psql throws ENOTSUP, see RFC 7231.",
        "pls call, thx",
        "Strč prst skrz krk, zmrzl, čtvrtsmršť",
        "需要演示",
        "Our ids look like sdkfjhskdf and hjkdsfhk, can you trace them across services?",
        "",
        "???",
    ],
)
def test_a_message_with_odd_words_is_not_gibberish(text: str) -> None:
    assert not is_gibberish_text(text)


@pytest.mark.parametrize(
    "text", ["asdfasdf", "sdkfjhskdf hjkdsfhk xkjhgfw", "dfghdfgh dfgh dfgh hello", "qwertyuiop asdfghjkl zxcvbnm"]
)
def test_a_message_hit_at_random_is_gibberish(text: str) -> None:
    assert is_gibberish_text(text)


def test_a_very_long_word_is_judged_in_time() -> None:
    assert is_mash("ab" * 50_000)
    assert not is_gibberish_text("a" + "bcdefghi " * 10)


def test_no_real_company_or_title_is_gibberish() -> None:
    data = Path(os.environ.get("LEAD_DATA", Path(__file__).parents[4] / "shared" / "data"))
    if not data.is_dir():
        pytest.skip("the public lists of company names and job titles are not on this machine")
    tickers = json.loads((data / "ex21" / "sec_company_tickers.json").read_text(encoding="utf-8"))
    names = {entry["title"] for entry in (tickers.values() if isinstance(tickers, dict) else tickers)}
    with (data / "job_titles" / "level_train.csv").open(encoding="utf-8", newline="") as file:
        names |= {row["title"] for row in csv.DictReader(file)}
    assert len(names) > 5_000
    assert [name for name in sorted(names) if is_gibberish_name(name)] == []
