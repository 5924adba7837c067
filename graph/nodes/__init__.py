"""Thin shells: read what is missing, apply a pure rule to each case, return the cases that changed."""
