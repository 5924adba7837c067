"""The vendors: every folder of this package that has samples. A new one needs its folder and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from tools.settings import Settings
from tools.web.forms.vendor import Access, Vendor
from tools.web.intake import FORM_TYPE, JSON_TYPES

HERE = Path(__file__).parent


@cache
def vendors() -> Mapping[str, Vendor]:
    """By name, in the order of their names."""
    folders = sorted(folder.parent.name for folder in HERE.glob("*/samples") if folder.is_dir())
    found = (import_module(f"{__package__}.{name}").VENDOR for name in folders)
    return {vendor.name: vendor for vendor in found}


def samples_of(vendor: Vendor) -> list[Path]:
    """The payloads in its folder, by name."""
    return sorted(path for path in (HERE / vendor.name / "samples").iterdir() if path.is_file())


def sample_body(path: Path) -> tuple[bytes, str]:
    """(body, content type) of a payload in a file: .json, .form (name=value pairs), .multipart (with lines as editors write
    them; its first line is the boundary)."""
    raw = path.read_bytes()
    if path.suffix == ".multipart":
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        boundary = raw.split(b"\r\n", 1)[0].removeprefix(b"--").decode("latin-1")
        return raw, f"multipart/form-data; boundary={boundary}"
    return (raw.strip(), FORM_TYPE) if path.suffix == ".form" else (raw, JSON_TYPES[0])


def page_of(vendor: Vendor) -> Path:
    """What its admin reads."""
    return HERE / vendor.name / "README.md"


def place_of(vendor: Vendor) -> str:
    """The same, from the top of the repository."""
    return f"tools/web/forms/{vendor.name}/README.md"


def accesses(settings: Settings) -> Mapping[str, Access]:
    """What the settings say of each vendor. Raises ValueError for a vendor that there is not."""
    known = vendors()
    opened = settings.open_forms
    for setting, names in (
        ("FORM_SECRETS", settings.form_secrets),
        ("FORM_TOKENS", settings.form_tokens),
        ("FORM_API_URLS", settings.form_api_urls),
        ("FORM_OPEN", opened),
    ):
        for name in names:
            if name not in known:
                raise ValueError(f"{setting}: there is no form vendor {name!r}; there are {', '.join(known)}")
    return {name: _access(settings, vendor) for name, vendor in known.items()}


def _access(settings: Settings, vendor: Vendor) -> Access:
    secret, token = settings.form_secrets.get(vendor.name), settings.form_tokens.get(vendor.name)
    verify = settings.form_verify_token
    return Access(
        secrets=tuple(secret.get_secret_value().split()) if secret else (),
        open=vendor.name in settings.open_forms,
        token=token.get_secret_value() if token else "",
        verify_token=verify.get_secret_value() if verify else "",
        api_url=settings.form_api_urls.get(vendor.name, vendor.api_url).rstrip("/"),
        api_version=settings.linkedin_version,
        deadline_s=settings.form_deadline_s,
    )
