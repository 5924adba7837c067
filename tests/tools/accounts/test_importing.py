"""What an import does to the book: what is new, what is refused with line and fix, and that half of it is never seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.fixtures.books import ORDER, account, everything, head, lead_data, line, parent, tell
from tools.accounts.book import known_accounts
from tools.accounts.changing import SHOWN, Change, Refused
from tools.accounts.importing import forget_bundled, import_file, keep_bundled, keep_order
from tools.accounts.opening import TABLE
from tools.accounts.understanding import Understanding
from tools.accounts.undoing import undo
from tools.store.book import changes, state_of
from tools.store.book_writing import Busy, writing


def version(engine: Engine) -> int:
    with engine.connect() as connection:
        return state_of(connection).version


def problems(engine: Engine, folder: Path, text: str, **options) -> list[str]:
    before = version(engine), everything(engine)
    with pytest.raises(Refused) as refused:
        tell(engine, folder, text, **options)
    assert (version(engine), everything(engine)) == before
    return refused.value.problems


def test_headers_that_crms_export_are_recognised_and_said(database: Engine, tmp_path: Path):
    told = tell(
        database, tmp_path,
        "Account Name;Website;Parent Account;Account Owner;Billing Country;Billing State/Province;Employees;Annual Revenue;Ownr\n"
        "Acme Labs;https://www.acmelabs.com/about;Acme, Inc.;Ann@US.example;U.S.;Calif.;51-200;$1.5M;x\n",
    )  # fmt: skip
    found = account(database, "acmelabs.com")
    assert found is not None
    assert found.fields == {
        "name": "Acme Labs", "owner": "ann@us.example", "country": "US", "state": "US-CA", "employees": 51,
        "revenue_usd": 1_500_000,
    }  # fmt: skip
    assert parent(database, "acmelabs.com") == "name:acme"
    assert ("Website", "domain") in told.columns.read_as
    assert told.columns.ignored == (("Ownr", "owner"),)


def test_the_command_line_says_which_column_is_which(database: Engine, tmp_path: Path):
    text = "entity,site,boss\nAcme,acme.com,Holding\n"
    told = tell(database, tmp_path, text, columns={"domain": "site", "name": "ENTITY", "parent": "boss"})
    assert (told.result.new, parent(database, "acme.com")) == (1, "name:holding")


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("a,b\n1,2\n", {}, "no column is read as name or domain (there are 'a', 'b'); say which one it is: --column name=HEADER"),
        ("name,x\nA,1\n", {"domain": "site"}, "--column domain=site: the file has no such column; it has 'name', 'x'"),
        ("name,x\nA,1\n", {"domian": "x"}, "--column domian: no field is called so; did you mean domain?"),
        ("company,website,url\nA,a.com,b.com\n", {}, "'website' and 'url' are both read as domain; say which it is"),
        ("", {}, "no column is read as name or domain"),
    ],
)  # fmt: skip
def test_a_header_that_cannot_be_used_is_refused_with_the_way_out(
    database: Engine, tmp_path: Path, text: str, columns: dict[str, str], message: str
):
    (problem,) = problems(database, tmp_path, text, columns=columns)
    assert message in problem


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("A,a,,,", "line 2: domain 'a' is no domain; write it as acme.com, or leave it blank"),
        ("A,gmail.com,,,", "line 2: domain 'gmail.com' is a free mail provider's; write the company's own domain"),
        ("A,a.com,many,,", "line 2: employees 'many' is no number of people; write digits, as 250 or 51-200"),
        ("A,a.com,,,12 EUR", "line 2: revenue_usd '12 EUR' is no amount of US dollars"),
        ("A,a.com,,0.6,", "line 2: ownership_pct '0.6' may be 0.6% or 60%; write it with the sign %"),
        ("A,a.com,,160,", "line 2: ownership_pct '160' is more than 100 percent"),
        ("A,a.com,,60,", "line 2: ownership_pct '60' is a share of nobody; name the parent, or clear it"),
        (",,5,,", "line 2: name '' and domain are blank; give the account a name or a domain"),
        ("(!),,5,,", "line 2: name '(!)' holds no letter or digit"),
        ("A,a.com", "line 2: has 2 cells and line 1 has 5; quote a text that holds the separator"),
    ],
)
def test_a_bad_cell_is_named_with_line_column_value_and_fix(database: Engine, tmp_path: Path, cells: str, message: str):
    (problem,) = problems(database, tmp_path, f"name,domain,employees,ownership_pct,revenue_usd\n{cells}\n")
    assert problem.startswith(message)


def test_all_bad_lines_are_counted_and_so_many_named(database: Engine, tmp_path: Path):
    text = "name,employees\n" + "A,many\n" * (SHOWN + 5)
    with pytest.raises(Refused) as refused:
        tell(database, tmp_path, text)
    assert (len(refused.value.problems), refused.value.count) == (SHOWN, SHOWN + 5)
    assert version(database) == 0


def test_what_is_in_no_vocabulary_is_kept_as_typed_counted_and_gets_a_suggestion(database: Engine, tmp_path: Path):
    told = tell(
        database, tmp_path,
        "name,country,industry,owner,phone\nA,Philipines,technolgy,Jane Doe,12\nB,Philipines,retail,jane@us.example,\n",
    )  # fmt: skip
    found = account(database, "name:a")
    assert found is not None
    assert found.fields == {"name": "A"}
    assert found.tellings[0].fields["typed"] == {
        "country": "Philipines", "industry": "technolgy", "owner": "Jane Doe", "phone": "12"
    }  # fmt: skip
    unknown = {(one.column, one.typed): one for one in told.understanding.unknown.values()}
    assert unknown[("country", "Philipines")].count == 2
    assert unknown[("country", "Philipines")].fix == "did you mean PH?"


def test_words_of_the_routing_file_and_names_of_owners_are_understood(database: Engine, tmp_path: Path):
    words = Understanding(aliases={"industry": {"technolgy": "software"}}, owners={"janedoe": "jane@us.example"})
    tell(database, tmp_path, "name,industry,owner\nA,technolgy,Jane Doe\n", understanding=words)
    found = account(database, "name:a")
    assert found is not None
    assert (found.fields["industry"], found.fields["owner"]) == ("software", "jane@us.example")


def test_revenue_in_millions_is_noticed_unless_somebody_says_so(database: Engine, tmp_path: Path):
    text = "name,employees,revenue\n" + "".join(f"C{n},{n}00,{n}.5\n" for n in range(1, 7))
    (problem,) = problems(database, tmp_path, text)
    assert problem.startswith("revenue comes to less than 100 dollars for each person in 6 of 6 accounts")
    tell(database, tmp_path, text, understanding=Understanding(revenue_unit=1_000_000))
    found = account(database, "name:c1")
    assert found is not None
    assert found.fields["revenue_usd"] == 1_500_000


def test_the_same_file_twice_changes_nothing(database: Engine, tmp_path: Path):
    text = "name,domain,parent\nA,a.com,\nB,b.com,A\n"
    assert tell(database, tmp_path, text).result.version == 1
    before = everything(database)
    again = tell(database, tmp_path, text).result
    assert (again.version, again.new, again.changed, again.same) == (None, 0, 0, 2)
    assert (version(database), everything(database)) == (1, before)


def test_a_dry_run_says_what_would_change_and_changes_nothing(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,domain\nA,a.com\n")
    before = everything(database)
    result = tell(database, tmp_path, "name,domain,parent\nA,a.com,B\nB,b.com,\n", dry_run=True).result
    assert (result.version, result.new, result.changed, result.derived.families) == (None, 1, 1, 1)
    assert (version(database), everything(database)) == (1, before)


def test_without_replace_what_a_file_does_not_name_stays_and_with_it_is_gone(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,domain,parent\nA,a.com,B\nB,b.com,\n")
    tell(database, tmp_path, "name,domain\nOther,other.com\n", "crm")
    tell(database, tmp_path, "name,domain\nC,c.com\n")
    assert account(database, "a.com") is not None
    gone = tell(database, tmp_path, "name,domain\nC,c.com\n", replace=True).result
    assert (gone.gone, gone.same) == (2, 1)
    assert account(database, "a.com") is None
    assert line(database, "a.com") is None
    assert account(database, "other.com") is not None


def test_lines_of_one_account_complete_each_other_and_must_not_contradict(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,domain,city,technologies\nAcme Corp,acme.com,,go\nACME,acme.com,Oslo,kafka; go\n")
    found = account(database, "acme.com")
    assert found is not None
    assert (found.names, found.fields["city"], found.fields["technologies"]) == (
        ("Acme Corp", "ACME"), "Oslo", ["go", "kafka"]
    )  # fmt: skip
    (problem,) = problems(database, tmp_path, "name,domain,city\nA,a.com,Oslo\nA,a.com,\nA,a.com,Rome\n")
    assert problem == "line 4: city of a.com is 'Rome' here and 'Oslo' on line 2; keep one"


def test_parents_are_named_by_id_domain_key_or_name(database: Engine, tmp_path: Path):
    tell(
        database, tmp_path,
        "id,name,domain,parent,parent account id\n"
        "7,Top,top.com,,\n8,A,a.com,,7\n9,B,b.com,https://www.top.com,\n10,C,c.com,name:top,\n11,D,d.com,TOP Inc.,\n",
    )  # fmt: skip
    assert {parent(database, f"{name}.com") for name in "abcd"} == {"top.com"}
    (problem,) = problems(database, tmp_path, "id,name,parent_id\n1,A,77\n")
    assert problem.startswith("line 2: parent_id '77' of name:a is the id of no line")


def test_a_parent_known_by_another_name_or_domain_is_found(database: Engine, tmp_path: Path):
    tell(
        database, tmp_path,
        "name,domain,aliases,domains,parent\n"
        "Intl Machines,im.com,Big Blue|Blue GmbH,blue.example.com; im.de,\nA,a.com,,,Big Blue\nB,b.com,,,im.de\n",
    )  # fmt: skip
    assert (parent(database, "a.com"), parent(database, "b.com")) == ("im.com", "im.com")


def test_a_circle_is_refused_with_its_members_and_lines(database: Engine, tmp_path: Path):
    (problem,) = problems(
        database, tmp_path, "name,domain,parent\nA,a.com,B\nB,b.com,c.com\nC,c.com,A\nD,d.com,A\n"
    )  # fmt: skip
    assert problem == (
        "companies own each other in a circle: a.com -> b.com -> c.com -> a.com (line 2: a.com under b.com; "
        "line 3: b.com under c.com; line 4: c.com under a.com); clear one of these parents"
    )


def test_a_circle_that_only_closes_with_another_source_is_refused_and_names_it(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,domain,parent\nA,a.com,b.com\n", "crm")
    (problem,) = problems(database, tmp_path, "name,domain,parent\nB,b.com,a.com\n")
    assert problem == (
        "companies own each other in a circle: a.com -> b.com -> a.com (a.com under b.com says crm; "
        "line 2: b.com under a.com); clear one of these parents"
    )


def test_a_line_of_thousands_and_a_circle_of_thousands_end(database: Engine, tmp_path: Path):
    rows = [f"C{n},c{n}.com,c{n + 1}.com\n" for n in range(5_000)]
    tell(database, tmp_path, "name,domain,parent\n" + "".join(rows))
    assert head(database, "c0.com") == "c5000.com"
    (problem,) = problems(database, tmp_path, "name,domain,parent\n" + "".join([*rows, "End,c5000.com,c0.com\n"]))
    assert "5001 companies in all" in problem


def test_two_claimed_parents_of_one_rank_are_disputed_and_named(database: Engine, tmp_path: Path):
    found = tell(database, tmp_path, "name,domain,parent\nX,x.com,A\nX,x.com,B\n").result.derived
    assert found.disputes == [("x.com", ("name:a", "name:b"))]
    told = line(database, "x.com")
    assert told is not None
    assert (told.parent, told.state, told.ultimate) == (None, "disputed", "x.com")


def test_the_higher_source_wins_over_another_parent_and_a_majority_over_both(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,domain,parent\nX,x.com,a.com\n", "crm")
    tell(database, tmp_path, "name,domain,parent\nX,x.com,b.com\n")
    assert parent(database, "x.com") == "b.com"
    tell(database, tmp_path, "name,domain,parent,ownership\nX,x.com,c.com,51%\n", "bundled")
    assert parent(database, "x.com") == "c.com"


def test_half_or_less_is_kept_as_a_link_and_makes_no_family(database: Engine, tmp_path: Path):
    result = tell(database, tmp_path, "name,domain,parent,ownership\nX,x.com,a.com,50\nX,x.com,b.com,50\n").result
    assert (result.derived.minority, result.derived.families) == (2, 0)
    assert head(database, "x.com") == "x.com"


def test_a_parent_named_by_a_name_that_two_bear_is_disputed_until_one_is_left(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,domain,parent\nX,x.com,Twin\n")
    tell(database, tmp_path, "name,domain,parent\nTwin,twin.com,\nY,y.com,Twin\n", "other")
    assert (parent(database, "x.com"), parent(database, "y.com")) == ("twin.com", "twin.com")
    tell(database, tmp_path, "name,domain\nTwin Inc,twin.de\n", "crm")
    assert (parent(database, "x.com"), parent(database, "y.com")) == (None, "twin.com")  # a source means its own
    tell(database, tmp_path, "name,domain\nOther,twin.de\n", "crm")
    assert parent(database, "x.com") == "twin.com"


def test_a_name_without_a_domain_is_the_account_that_alone_bears_it(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,employees\nAcme Corp,12\nSub of it,\n")
    tell(database, tmp_path, "name,domain\nACME Inc.,acme.com\n", "crm")
    found = account(database, "acme.com")
    assert found is not None
    assert (found.fields["employees"], found.names) == (12, ("Acme Corp", "ACME Inc."))
    assert account(database, "name:acme") is None
    assert {one.key for one in known_accounts(database)} == {"acme.com", "name:subofit"}
    tell(database, tmp_path, "name,domain\nACME Inc.,acme.com\nAcme,acme.de\n", "crm")
    assert account(database, "name:acme") is not None


def test_a_name_in_another_country_is_another_company(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,country\nAcme,DE\n")
    tell(database, tmp_path, "name,domain,country\nAcme,acme.com,US\n", "crm")
    assert {one.key for one in known_accounts(database)} == {"acme.com", "name:acme"}


def test_who_names_itself_as_its_parent_has_none(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,domain,parent\nA,a.com,b.com\n", "crm")
    result = tell(database, tmp_path, "name,domain,parent\nA,a.com,A\n").result
    assert (result.derived.own_parents, parent(database, "a.com")) == (1, None)


def test_the_last_change_of_a_source_is_taken_back_exactly(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,domain,parent,employees\nA,a.com,b.com,1\nB,b.com,,2\nC,c.com,,3\n")
    before = everything(database)
    tell(database, tmp_path, "name,domain,parent\nB,b.com,\nD,d.com,b.com\nE,e.com,d.com\n", replace=True)
    assert everything(database) != before
    result = undo(database, 2, "ana", ORDER)
    assert everything(database) == before
    assert (result.version, result.gone, result.new, result.changed) == (3, 2, 2, 1)
    with pytest.raises(Refused, match="change 2 was taken back already"):
        undo(database, 2, "ana", ORDER)
    undo(database, 1, "ana", ORDER)
    assert everything(database) == ([], {})


def test_taking_back_leaves_what_other_sources_told_since(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,domain,employees\nA,a.com,1\n")
    tell(database, tmp_path, "name,domain,employees\nA,a.com,2\nB,b.com,\n")
    tell(database, tmp_path, "name,domain,parent\nA,a.com,z.com\n", "crm")
    with pytest.raises(Refused, match="change 1 is not the last of import: take back 2 first"):
        undo(database, 1, "ana", ORDER)
    with pytest.raises(Refused, match="no change made version 9"):
        undo(database, 9, "ana", ORDER)
    undo(database, 2, "ana", ORDER)
    found = account(database, "a.com")
    assert found is not None
    assert (found.fields["employees"], head(database, "a.com"), account(database, "b.com")) == (1, "z.com", None)


def test_when_and_by_whom_each_thing_was_told_is_kept(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,domain,city\nA,a.com,Oslo\nB,b.com,\n")
    tell(database, tmp_path, "name,domain,city\nA,a.com,Rome\nB,b.com,\n")
    found = account(database, "a.com"), account(database, "b.com")
    assert [one.said_by["name"].told_in for one in found if one] == [2, 1]
    with database.connect() as connection:
        told = changes(connection)
    assert [(one.version, one.source, one.by, one.name) for one in told] == [
        (2, "import", "ana", "import.csv"), (1, "import", "ana", "import.csv")
    ]  # fmt: skip


def test_what_a_writer_left_that_was_killed_is_never_seen_and_taken_away(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,domain,parent\nA,a.com,b.com\n")
    before = everything(database)

    def killed() -> None:
        with writing(database) as book:
            book.tell([("import", "x.com", "X", "x", None, None, None, "{}", None)])
            book.end_told("import", ["a.com"])
            book.end_lines(["a.com"])
            assert everything(database)[0] == before[0]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert everything(database) == before


def test_two_writers_do_not_write_at_once(database: Engine, tmp_path: Path):
    with writing(database), pytest.raises(Busy, match="another process is changing the book"):
        tell(database, tmp_path, "name,domain\nA,a.com\n", wait_s=0.0)
    assert tell(database, tmp_path, "name,domain\nA,a.com\n", wait_s=0.0).result.version == 1


def test_the_bundled_table_is_loaded_once_again_when_it_changes_and_left_out_when_told(
    database: Engine, tmp_path: Path
):
    table = tmp_path / "companies.csv"
    table.write_bytes(TABLE.read_bytes())
    assert keep_bundled(database, table, ORDER)
    assert not keep_bundled(database, table, ORDER)
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join(lines[:3]) + "\n", encoding="utf-8")
    assert keep_bundled(database, table, ORDER)
    assert len(list(known_accounts(database))) == 2
    assert forget_bundled(database, ("import", "crm"))
    assert list(known_accounts(database)) == []
    assert not forget_bundled(database, ("import", "crm"))


def test_another_order_of_sources_makes_other_families(database: Engine, tmp_path: Path):
    tell(database, tmp_path, "name,domain,parent\nX,x.com,a.com\n", "crm")
    tell(database, tmp_path, "name,domain,parent\nX,x.com,b.com\n")
    assert keep_order(database, ("crm", "import"))
    assert not keep_order(database, ("crm", "import"))
    assert parent(database, "x.com") == "a.com"


def test_what_the_book_says_does_not_depend_on_the_order_in_which_it_was_told(database: Engine, tmp_path: Path):
    texts = {
        "import": "name,domain,parent,ownership\nA,a.com,Bee,\nJ,j.com,Bee,60\nOnly Name,,a.com,\n",
        "crm": "name,domain,parent\nBee,bee.com,\nA,a.com,c.com\nOnly Name,on.com,\n",
        "bundled": "name,domain,parent\nC,c.com,bee.com\nJ,j.com,c.com\n",
    }
    for source, text in texts.items():
        tell(database, tmp_path, text, source)
    first = everything(database)
    for source in texts:
        tell(database, tmp_path, "name,domain\nNobody,nobody.com\n", source, replace=True)
    for source in reversed(texts):
        tell(database, tmp_path, texts[source], source, replace=True)
    assert everything(database) == first


def test_a_file_that_is_no_text_or_no_table_is_refused(database: Engine, tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"name,domain\nM\xfcller,m.com\n")
    with pytest.raises(Refused, match=r"x\.csv is not text in UTF-8; save it as CSV UTF-8"):
        import_file(database, path, Change("import", "import", "x", "ana"), ORDER)
    with pytest.raises(OSError, match="No such file"):
        import_file(database, tmp_path / "none.csv", Change("import", "import", "x", "ana"), ORDER)


def test_subsidiaries_of_exhibit_21_are_imported_with_their_own_headers(database: Engine):
    path = lead_data("ex21/subsidiary_to_parent_ship.csv")
    told = import_file(database, path, Change("ex21", "import", path.name, "ana"), ORDER)
    assert (told.result.lines, told.result.derived.circles, told.result.derived.disputed) == (860, [], 0)
    assert told.result.derived.minority == 9
    assert head(database, "name:bostco") == "name:wisconsinelectricpower"
    assert head(database, "name:atcmanagement") == "name:atcmanagement"
    again = import_file(database, path, Change("ex21", "import", path.name, "ana"), ORDER)
    assert again.result.version is None


def test_the_crm_export_with_its_slips_is_imported(database: Engine):
    path = lead_data("maven_crm/accounts.csv")
    change, columns = Change("import", "import", path.name, "ana"), {"country": "office_location"}
    with pytest.raises(Refused, match="say --revenue-in millions"):
        import_file(database, path, change, ORDER, columns=columns)
    words = Understanding(revenue_unit=1_000_000)
    told = import_file(database, path, change, ORDER, columns=columns, understanding=words)
    assert (told.result.new, told.result.derived.links) == (85, 15)
    assert set(words.unknown) == {("industry", "technolgy"), ("country", "Philipines")}
    found = account(database, "name:bluth")
    assert found is not None
    assert (found.fields["revenue_usd"], found.fields["employees"]) == (1_242_320_000, 3027)
    assert head(database, "name:bluth") == "name:acme"
