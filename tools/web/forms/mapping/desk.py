"""What an admin does with mappings, behind the HTTP answers, the page and the command line alike: look at a payload, see the lead
that would result, save, undo, look after what was refused. Draws nothing."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine

from graph.rules.aliases import NONE, Aliases
from graph.rules.forms import form_fields
from graph.rules.identity import capture, identity_key
from tools.store import form_mappings as store
from tools.web.forms.flattening import Flat
from tools.web.forms.mapping.applying import apply
from tools.web.forms.mapping.endpoint import forgiving, key_of
from tools.web.forms.mapping.live import FormMappings
from tools.web.forms.mapping.spec import Mapping as FormMapping
from tools.web.intake import to_form

RESERVED: Final = frozenset({"propose", "preview", "save"})
"""Names that mean an act in our own addresses."""


class NotPossible(Exception):
    """It cannot be done, and why."""


@dataclass(frozen=True, slots=True)
class Preview:
    """lead: as capture would make it, None where the payload cannot become one; problem: why not; form: what is read of the
    payload; extra: what is kept beside it; unmapped, missing: names that do not fit."""

    lead: dict[str, Any] | None
    problem: str | None
    form: dict[str, Any]
    extra: dict[str, str]
    unmapped: tuple[str, ...]
    missing: tuple[str, ...]


def preview(mapping: FormMapping, flat: Flat, now: datetime, aliases: Aliases = NONE) -> Preview:
    """Raises Refused for what intake would refuse as a whole."""
    applied = apply(mapping, flat)
    form = to_form(forgiving(applied.values))
    reached = identity_key(form) is not None
    lead = asdict(capture(form, "ld_preview", now, aliases)) if reached else None
    if lead is not None:
        del lead["lead_id"]
    problem = (
        None if reached else "No valid e-mail and no valid phone (with its country): answered 422, and kept for you."
    )
    return Preview(lead, problem, form_fields(form), form.extra, applied.unmapped, applied.missing)


@dataclass(frozen=True, slots=True)
class Saved:
    """secret: of the endpoint, where it was made now; shown this once."""

    name: str
    version: int
    url: str
    secret: str | None
    url_with_key: str | None


class Desk:
    """vendors: names whose payloads come through the vendor's own way, with the vendor's signature; aliases: of the routing
    file in use."""

    def __init__(
        self,
        mappings: FormMappings,
        base_url: str,
        *,
        vendors: Collection[str] = (),
        aliases: Callable[[], Aliases] = lambda: NONE,
    ) -> None:
        self.mappings, self.aliases, self.vendors = mappings, aliases, frozenset(vendors)
        self._base_url = base_url

    @property
    def engine(self) -> Engine:
        return self.mappings.engine

    def preview(self, mapping: FormMapping, flat: Flat) -> Preview:
        return preview(mapping, flat, self.mappings.clock(), self.aliases())

    def listing(self) -> list[dict[str, Any]]:
        """Every form with a mapping, or that had one."""
        self.mappings.write_counts()
        waiting, found = store.waiting(self.engine), []
        for version in store.all_current(self.engine):
            taken, seen = store.seen(self.engine, version.name)
            found.append(
                {
                    "name": version.name,
                    "version": version.version,
                    "in_use": version.body is not None,
                    "vendor": version.name in self.vendors,
                    "author": version.author,
                    "made_at": version.made_at,
                    "payloads": taken,
                    "unmapped": sum(1 for one in seen if one.kind == "unmapped"),
                    "rejected": waiting.get(version.name, 0),
                }
            )
        return found

    def of(self, name: str) -> dict[str, Any]:
        """One form: its mapping, versions and what did not fit. Raises KeyError for a name that there is not."""
        self.mappings.write_counts()
        held = store.versions(self.engine, name)
        if not held:
            raise KeyError(name)
        taken, seen = store.seen(self.engine, name)
        return {
            "name": name,
            "vendor": name in self.vendors,
            "url": self.url(name),
            "version": held[0].version,
            "mapping": held[0].body,
            "versions": [asdict(version) for version in held],
            "payloads": taken,
            "unmapped": [asdict(one) for one in seen if one.kind == "unmapped"],
            "missing": [asdict(one) for one in seen if one.kind == "missing"],
            "rejected": store.waiting(self.engine).get(name, 0),
        }

    def save(self, name: str, mapping: FormMapping | None, *, by: str, note: str, base: int | None = None) -> Saved:
        """A new version; None: no mapping from now on. Raises store.Stale, NotPossible."""
        if name in RESERVED:
            raise NotPossible(f"{name!r} is an act of this page: choose another name.")
        body: Mapping[str, Any] | None = None if mapping is None else mapping.as_json()
        number = store.save(self.engine, name, body, by=by, note=note, now=self.mappings.clock(), base=base)
        self.mappings.changed(name)
        made = None if mapping is None or name in self.vendors else self.mappings.new_secret(name, by)
        return self._saved(name, number, made)

    def undo(self, name: str, *, by: str) -> int:
        """Raises NotPossible, store.Stale."""
        number = store.undo(self.engine, name, by=by, now=self.mappings.clock())
        self.mappings.changed(name)
        if number is None:
            raise NotPossible("There is nothing to take back.")
        return number

    def another_secret(self, name: str, *, by: str) -> Saved:
        """The old one stops at once. Raises NotPossible."""
        held = store.versions(self.engine, name, 1)
        if not held or name in self.vendors:
            raise NotPossible("A vendor's form is signed by the vendor." if held else "There is no form of that name.")
        return self._saved(name, held[0].version, self.mappings.new_secret(name, by, again=True))

    def url(self, name: str) -> str:
        return f"{self._base_url}/webhooks/forms/{name}"

    def _saved(self, name: str, number: int, secret: str | None) -> Saved:
        url = self.url(name)
        key = None if secret is None else key_of(base64.b64decode(secret.removeprefix("whsec_")))
        return Saved(name, number, url, secret, None if key is None else f"{url}?key={key}")
