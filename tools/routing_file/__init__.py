"""The file RevOps edits: read with positions, checked as a whole, tested by its own tests, reloaded while in use."""

from tools.routing_file.file_tests import TestResult, run_tests
from tools.routing_file.findings import Finding, RoutingFileError, describe
from tools.routing_file.live import LiveRouting, check_file, load, read_text
from tools.routing_file.parser import parse

__all__ = [
    "Finding",
    "LiveRouting",
    "RoutingFileError",
    "TestResult",
    "check_file",
    "describe",
    "load",
    "parse",
    "read_text",
    "run_tests",
]
