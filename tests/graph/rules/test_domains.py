from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from graph.rules.domains import company_domain, host_of, mailbox_type, registrable
from graph.rules.mailboxes import FREE_MAIL


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("acme.com", "acme.com"),
        ("https://www.Acme.com/", "acme.com"),
        ("http://user:pw@labs.acme.com:8080/x?y#z", "labs.acme.com"),
        ("//acme.com", "acme.com"),
        ("maria@acme.com", "acme.com"),
        ("acme.com.", "acme.com"),
        ("https://münchen.de/rathaus", "xn--mnchen-3ya.de"),
        ("www.com", "www.com"),
        ("linkedin.com", "linkedin.com"),
        ("https://www.linkedin.com/company/acme", None),
        ("https://github.com/acme", None),
        ("acme", None),
        ("Acme Inc", None),
        ("localhost", None),
        ("192.168.0.1", None),
        ("http://[::1]/", None),
        ("javascript:alert(1)", None),
        ("http://", None),
        ("", None),
        (None, None),
    ],
)
def test_the_host_is_read_from_links_and_names(typed: str | None, host: str | None) -> None:
    assert host_of(typed) == host


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("labs.acme.co.uk", "acme.co.uk"),
        ("acme.com", "acme.com"),
        ("shop.acme.myshopify.com", "acme.myshopify.com"),
        ("wpengine.com", "wpengine.com"),
        ("co.uk", None),
        ("acme.internal", None),
    ],
)
def test_a_company_registers_one_domain(host: str, domain: str | None) -> None:
    assert registrable(host) == domain


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("acme.com", "corporate"),
        ("gmail.com", "free"),
        ("mail.yahoo.co.jp", "free"),
        ("web.de", "free"),
        ("mailinator.com", "free"),
        ("harvard.edu", "edu"),
        ("cs.ox.ac.uk", "edu"),
        ("uni-ulm.de", "edu"),
        ("ethz.ch", "edu"),
        ("nasa.gov", "government"),
        ("hmrc.gov.uk", "government"),
        ("impots.gouv.fr", "government"),
        ("meti.go.jp", "government"),
        ("gov.bc.ca", "government"),
        ("army.mil", "government"),
        ("ec.europa.eu", "government"),
        ("comune.go.it", "corporate"),
        ("acme.internal", "unknown"),
    ],
)
def test_a_mailbox_has_a_type(host: str, kind: str) -> None:
    assert mailbox_type(host) == kind


@pytest.mark.parametrize(
    "employer", ["alibaba.com", "cox.com", "comcast.com", "orange.com", "google.com", "microsoft.com"]
)
def test_an_employer_is_no_free_provider(employer: str) -> None:
    assert mailbox_type(employer) == "corporate"


def test_free_mail_gives_no_company() -> None:
    assert company_domain("gmail.com") is None
    assert company_domain("labs.acme.com") == "acme.com"
    assert company_domain(None) is None


def test_the_free_list_holds_whole_domains_in_lower_case() -> None:
    assert len(FREE_MAIL) > 300
    assert all(name == name.lower().strip() and "." in name for name in FREE_MAIL)


def test_most_of_the_free_list_is_in_a_public_list() -> None:
    data = Path(os.environ.get("LEAD_DATA", Path(__file__).parents[4] / "shared" / "data")) / "email_domains"
    if not data.is_dir():
        pytest.skip("the public lists of mail providers are not on this machine")
    public = {name for file in data.iterdir() for name in file.read_text(encoding="utf-8").split()}
    assert len(FREE_MAIL & public) / len(FREE_MAIL) > 0.7


def test_the_suffix_list_needs_neither_network_nor_cache(tmp_path: Path) -> None:
    program = (
        "import socket\n"
        "def no_network(*_): raise AssertionError('called out')\n"
        "socket.socket.connect = no_network\n"
        "from graph.rules.domains import registrable\n"
        "assert registrable('labs.acme.co.uk') == 'acme.co.uk'\n"
    )
    assert socket.socket.connect is not None
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, cwd=Path(__file__).parents[3])
    assert list(tmp_path.rglob("*")) == []
