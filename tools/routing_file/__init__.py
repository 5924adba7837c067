"""The file RevOps edits: read with positions, checked as a whole, tested by its own tests, reloaded while in use."""

from tools.routing_file.file_tests import TestResult, run_tests
from tools.routing_file.findings import Finding, RoutingFileError, describe
from tools.routing_file.live import LiveRouting, load
from tools.routing_file.parser import parse
from tools.routing_file.reader import read_text

__all__ = [
    "Finding",
    "LiveRouting",
    "RoutingFileError",
    "TestResult",
    "describe",
    "load",
    "parse",
    "read_text",
    "run_tests",
]
