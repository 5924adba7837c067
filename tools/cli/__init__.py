"""The commands behind app.py, one module a family."""

SUPERVISOR = "LEAD_ROUTER_SUPERVISOR"
"""Environment variable: the process id of the supervisor that started a part, which ends when it is nobody's child."""
