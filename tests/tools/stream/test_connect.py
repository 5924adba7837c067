"""What is said of the stream's server: how well it keeps what it was given, and where it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tools.embedded.valkey import EmbeddedValkey
from tools.settings import Settings
from tools.stream.connect import Persistence, connect, persistence, socket_url


async def test_the_embedded_server_keeps_what_a_202_promises(redis: Redis):
    kept = await persistence(redis)
    assert kept.level == "always"
    assert kept.warning is None


@pytest.mark.parametrize(
    ("setting", "level", "said"),
    [
        ({"appendfsync": "everysec"}, "everysec", "may lose the last second"),
        ({"appendfsync": "no"}, "no", "does not keep"),
        ({"appendonly": "no"}, "none", "does not keep"),
    ],
)
async def test_a_weaker_server_is_called_so(own_valkey: EmbeddedValkey, setting: dict[str, str], level: str, said: str):
    client = connect(own_valkey.url)
    for name, value in setting.items():
        await client.config_set(name, value)
    kept = await persistence(client)
    assert kept.level == level
    assert said in (kept.warning or "")
    await client.aclose()


async def test_a_server_that_hides_its_configuration_is_unknown_not_well(own_valkey: EmbeddedValkey):
    client = connect(own_valkey.url)
    await client.execute_command("ACL", "SETUSER", "plain", "on", ">pw", "+@all", "-config", "~*")
    plain = connect(own_valkey.url.replace("unix://", "unix://plain:pw@"))
    kept = await persistence(plain)
    assert kept.level == "unknown"
    assert "appendfsync is always" in (kept.warning or "")
    await plain.aclose()
    await client.aclose()


async def test_a_server_that_is_away_is_an_error_and_not_a_level(own_valkey: EmbeddedValkey):
    client = connect(own_valkey.url)
    own_valkey.stop()
    with pytest.raises(RedisError):
        await persistence(client)
    await client.aclose()


def test_every_level_but_always_has_a_warning():
    assert Persistence("always").warning is None
    assert all(Persistence(level).warning for level in ("everysec", "no", "none", "unknown", "other"))


def test_a_configured_server_is_used_and_else_the_embedded_one_in_the_data_folder(tmp_path: Path):
    assert socket_url(Settings(_env_file=None, data_dir=tmp_path, redis_url="redis://elsewhere")) == "redis://elsewhere"
    assert socket_url(Settings(_env_file=None, data_dir=tmp_path)).startswith("unix://")


async def test_commands_are_packed_as_redis_py_packs_them(shared_valkey: EmbeddedValkey):
    from redis.asyncio.connection import Connection

    for url in (shared_valkey.url, "redis://127.0.0.1:6379", "rediss://127.0.0.1:6379"):
        client = connect(url)
        ours = client.connection_pool.make_connection()
        for command in (("XADD", "lr:{0}:leads", "*", "d", b"\x00\r\n", 7, 0.5), ("CONFIG GET", "\u00e9*"), (b"PING",)):
            assert b"".join(ours.pack_command(*command)) == b"".join(Connection().pack_command(*command))
        await client.aclose()
