"""The commands behind app.py, one module a family."""
