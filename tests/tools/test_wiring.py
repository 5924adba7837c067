"""What is chosen for a live language model: nobody's decision waits for it, and only the dispatcher pays for its SDK."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.fixtures.router import ROOT
from tools.embedded.judge import RuleJudge
from tools.embedded.writer import TemplateWriter
from tools.meanwhile import Meanwhile
from tools.settings import Settings
from tools.store.migrate import migrate
from tools.wiring import build_ports, chat_of, close_ports, open_store

LIVE = """
import sys
from pathlib import Path
from tools.settings import Settings
from tools.wiring import build_ports, open_store
settings = Settings(_env_file=None, data_dir=Path(sys.argv[1]), llm="live", openai_api_key="k")
ports = build_ports(settings, open_store(settings))
print(ports.language_model, sorted({"openai", "langchain_openai"} & set(sys.modules)))
"""


def test_a_worker_with_a_live_model_does_not_even_import_its_sdk(tmp_path: Path):
    command = [sys.executable, "-c", LIVE, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "openai:gpt-4o-mini []"


async def test_a_decision_is_judged_by_what_is_known_and_written_by_a_template(tmp_path: Path):
    settings = Settings(_env_file=None, data_dir=tmp_path, llm="live", openai_api_key="k")
    store = open_store(settings)
    migrate(store.engine)
    ports = build_ports(settings, store)
    assert isinstance(ports.judge, Meanwhile)
    assert isinstance(ports.writer, TemplateWriter)
    await close_ports(ports)
    embedded = build_ports(Settings(_env_file=None, data_dir=tmp_path), store)
    assert isinstance(embedded.judge, RuleJudge)
    assert embedded.language_model == ""
    store.close()


def test_the_outbox_tries_again_by_itself_and_a_person_waits_less_long():
    settings = Settings(_env_file=None, llm="live", openai_api_key="k")
    later, inline = chat_of(settings), chat_of(settings, inline=True)
    assert (later.max_retries, later.deadline_s) == (0, settings.openai_deadline_s)
    assert (inline.max_retries, inline.deadline_s) == (1, settings.read_deadline_s)
    assert settings.openai_deadline_s < 20, "the dispatcher's own deadline"
