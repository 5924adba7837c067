"""What a start spares is there all the same for whoever asks, and not before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.fixtures.router import ROOT

PACKAGE = {
    "heavy/__init__.py": "import heavy_extra\nfrom heavy.parts import a, b\n__all__ = ['a', 'b']\n__version__ = '3'\n",
    "heavy/parts.py": "a, b = 1, 2\n",
    "heavy/light.py": "c = 3\n",
    "heavy_extra.py": "d = 4\n",
    "chooser.py": "try:\n    import heavy_extra\n    found = True\nexcept ImportError:\n    found = False\n",
}


def python(code: str, folder: Path = ROOT) -> str:
    for name, text in PACKAGE.items() if folder != ROOT else ():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    program = f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout


def test_a_shell_runs_the_package_when_a_name_of_it_is_asked_for(tmp_path: Path):
    code = """
from tools.cli.lean_imports import shell
shell("heavy"); shell("heavy"); shell("not_there")
from heavy.light import c
assert c == 3 and "heavy_extra" not in sys.modules and "heavy.parts" not in sys.modules
from heavy import a, light
assert a == 1 and light.c == 3 and "heavy_extra" in sys.modules
import heavy
assert heavy.b == 2 and heavy.__version__ == "3" and "__getattr__" not in vars(heavy)
try:
    heavy.nonsense
except AttributeError:
    print("as ever")
"""
    assert python(code, tmp_path) == "as ever\n"


def test_a_shell_is_filled_once_by_whichever_thread_asks_first(tmp_path: Path):
    code = """
from concurrent.futures import ThreadPoolExecutor
from tools.cli.lean_imports import shell
shell("heavy")
import heavy
with ThreadPoolExecutor(8) as pool:
    print(set(pool.map(lambda _: heavy.a + heavy.b, range(64))))
"""
    assert python(code, tmp_path) == "{3}\n"


def test_an_extra_is_hidden_from_one_import_only(tmp_path: Path):
    code = """
from tools.cli.lean_imports import hidden
with hidden("heavy_extra"):
    import chooser
import heavy_extra
with hidden("heavy_extra"):  # imported before: it stays
    import heavy
print(chooser.found, heavy_extra.d)
"""
    assert python(code, tmp_path) == "False 4\n"


def test_the_real_packages_are_whole_when_asked():
    code = """
from tools.cli.lean_imports import HIDDEN, SHELLED, lean
lean()
import langgraph.graph, langsmith.run_helpers
assert not {"langgraph_sdk.client", "websockets", "langsmith.types.run", "rich", "tornado"} & set(sys.modules)
import importlib, rich, rich.console
from langgraph_sdk import get_client
from langsmith.types import Run
for name in SHELLED:
    module = importlib.import_module(name)
    assert all(hasattr(module, public) for public in getattr(module, '__all__', ()))
print(callable(get_client), isinstance(Run, type))
"""
    assert python(code) == "True True\n"


def test_who_never_runs_the_graph_imports_no_langgraph():
    code = (
        "import tools.web.server\nprint([name for name in sys.modules if name.startswith(('langgraph', 'langchain'))])"
    )
    assert python(code) == "[]\n"
