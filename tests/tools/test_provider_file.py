"""Providers described in a file: what the file may say, and what is refused with its place and a fix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.provider_file import ProviderFileError, missing_variables, read_provider_file, schema_text

GOOD: dict[str, Any] = {
    "name": "acme-http",
    "url": "https://api.acme.example/v1/{domain}",
    "headers": {"Authorization": "Bearer ${ACME_API_KEY}"},
    "fields": {"employees": "company.size"},
}


def read(folder: Path, *providers: Any) -> Any:
    path = folder / "providers.json"
    path.write_text(json.dumps({"providers": list(providers)}))
    return read_provider_file(path)


def test_a_description_needs_a_name_an_address_and_a_field(tmp_path: Path):
    (one,) = read(tmp_path, GOOD).providers
    assert (one.method, one.absent, one.pending, one.price_cents) == ("GET", {404}, {202}, None)
    assert one.variables == ("ACME_API_KEY",)
    assert missing_variables(one, {}) == ("ACME_API_KEY",)
    assert missing_variables(one, {"ACME_API_KEY": "x"}) == ()


WRONG = [
    ({"url": "https://{domain}/companies"}, "the host must be written out"),
    ({"url": "https://api.acme.example.{domain}/x"}, "the host must be written out"),
    ({"url": "https://${HOST}/{domain}"}, "the host must be written out"),
    ({"url": "https://api.acme.example:{domain}/"}, "no web address"),
    ({"url": "https://me:pw@api.acme.example/{domain}"}, "name or password in the address"),
    ({"url": "ftp://api.acme.example/{domain}"}, "no web address"),
    ({"url": "/companies/{domain}"}, "no web address"),
    ({"url": "http://api.acme.example/{domain}"}, "sends secrets in the clear"),
    ({"url": "https://api.acme.example/{name}/{domain}"}, "only {domain} may stand"),
    ({"url": "https://api.acme.example/"}, "every company would be the same"),
    ({"headers": {"X-Api-Key": "sk-live-123"}}, "write its variable"),
    ({"query": {"token": "abc"}}, "write its variable"),
    ({"headers": {"X Y": "1"}}, "no name of a header"),
    ({"headers": {"X-Y": "1\r\nHost: evil"}}, "control character"),
    ({"fields": {"size": "company.size"}}, "'size' is no field"),
    ({"fields": {"employees": "company.[["}}, "no JMESPath"),
    ({"fields": {}}, "no field of ours"),
    ({"fields": {"domain": "site"}}, "no field of ours"),
    ({"fields": {"parent_employees": "up.size"}}, "needs parent_domain"),
    ({"job_posts": {"list": "jobs", "posted_at": "??"}}, "no JMESPath"),
    ({"body": {"q": "{domain}"}}, 'say "method": "POST"'),
    ({"absent": [200]}, "one thing only"),
    ({"absent": [404, 202]}, "one thing only"),
    ({"name": "Apollo"}, "name"),
    ({"name": "apollo"}, "choose another name"),
    ({"price_cents": -1}, "price_cents"),
    ({"per_second": 0}, "per_second"),
    ({"pricecents": 3}, "pricecents"),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_wrong_is_said_with_its_place_and_a_fix(tmp_path: Path, change: dict[str, Any], said: str):
    with pytest.raises(ProviderFileError) as raised:
        read(tmp_path, GOOD | change)
    assert said in str(raised.value)
    assert "providers[0]" in str(raised.value)


def test_an_error_shows_no_value_that_may_be_a_secret(tmp_path: Path):
    with pytest.raises(ProviderFileError) as raised:
        read(tmp_path, GOOD | {"headers": {"X-Api-Key": "sk-live-123"}})
    assert "sk-live" not in str(raised.value)


def test_a_name_is_described_once(tmp_path: Path):
    with pytest.raises(ProviderFileError, match="acme-http: described twice"):
        read(tmp_path, GOOD, GOOD)


def test_a_file_that_is_no_json_is_refused_with_line_and_column(tmp_path: Path):
    path = tmp_path / "providers.json"
    path.write_text('{"providers": [\n  {"name": }\n]}')
    with pytest.raises(ProviderFileError, match="line 2, column 12"):
        read_provider_file(path)
    with pytest.raises(ProviderFileError, match="not readable"):
        read_provider_file(tmp_path / "missing.json")


def test_plain_http_is_for_this_machine_or_whoever_says_so(tmp_path: Path):
    for change in (
        {"url": "http://127.0.0.1:9/{domain}"},
        {"url": "http://localhost/{domain}"},
        {"url": "http://facts.internal/{domain}", "plain_http": True},
    ):
        assert read(tmp_path, GOOD | change).providers[0].url == change["url"]


def test_the_schema_names_every_key():
    assert {"url", "headers", "fields", "job_posts", "charged"} <= json.loads(schema_text())["$defs"]["Described"][
        "properties"
    ].keys()
