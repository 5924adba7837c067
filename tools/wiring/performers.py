"""Who performs the effects of each vendor queue, embedded or live."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from graph.ports import Performer
from tools.embedded.crm import EmbeddedCrm
from tools.embedded.notifier import EmbeddedNotifier
from tools.embedded.nurture import EmbeddedNurture
from tools.nurture.versions import keep_versions, kept_file
from tools.sequence_file import LiveSequences
from tools.settings import Settings
from tools.similar.graphs import Gate
from tools.similar.keeping import Keeper, Plan
from tools.similar.performing import RememberedAccounts
from tools.similar.seeding import seed
from tools.wiring.opening import Store
from tools.wiring.vendors import embedder_of, hubspot, pinecone, secret


def build_performers(
    settings: Settings, store: Store, sequences: LiveSequences | None = None
) -> Mapping[str, Performer]:
    """One performer a vendor queue; the timers of SLAs and the steps of sequences, which need the stream, come on top."""
    sequences = sequences or live_sequences(settings, store)
    return {
        "crm": _crm_performer(settings, store),
        "notifier": _notifier(settings, store),
        "nurture": _nurture(settings, store, sequences),
        "similar": RememberedAccounts(store.engine, executor=store.executor),
    }


def live_sequences(settings: Settings, store: Store) -> LiveSequences:
    """The file of sequences with hot reload; every version that is loaded is kept for those who are in it."""
    return LiveSequences(
        settings.sequences_file,
        time.monotonic,
        on_load=lambda file: keep_versions(store.engine, file, datetime.now(UTC)),
        kept=lambda: kept_file(store.engine),
    )


def _crm_performer(settings: Settings, store: Store) -> Performer:
    return (
        EmbeddedCrm(store.engine, executor=store.executor) if settings.crm == "embedded" else hubspot(settings, store)
    )


def _nurture(settings: Settings, store: Store, sequences: LiveSequences) -> Performer:
    if settings.nurture != "crm":
        return EmbeddedNurture(store.engine, lambda: sequences.current().sequences, executor=store.executor)
    from tools.nurture.crm import HubSpotNurture  # noqa: PLC0415

    kept = EmbeddedNurture(store.engine, dict, executor=store.executor, performed_by="HubSpot")
    return HubSpotNurture(secret(settings.hubspot_access_token), kept, base_url=settings.hubspot_base_url)


def _notifier(settings: Settings, store: Store) -> Performer:
    if settings.notifier == "embedded":
        return EmbeddedNotifier(store.engine, executor=store.executor)
    from tools.slack import SlackNotifier  # noqa: PLC0415
    from tools.store.posted import SqlPosted  # noqa: PLC0415

    return SlackNotifier(
        secret(settings.slack_bot_token),
        base_url=settings.slack_base_url,
        posted=SqlPosted(store.engine),
        team_channel=settings.slack_team_channel,
    )


def keeper_of(settings: Settings, store: Store) -> Keeper:
    """Embeds past accounts and writes their snapshots, or tells Pinecone of them."""
    plan = Plan(
        embedder_of(settings),
        folder=settings.data_dir / "similar",
        elsewhere=pinecone(settings) if settings.similar == "live" else None,
        exact_up_to=settings.similar_exact_up_to,
        gate=Gate(recall=settings.similar_recall),
        prepare=lambda: seed(store.engine, shown=settings.similar_bundled),
    )
    return Keeper(store.engine, plan)
