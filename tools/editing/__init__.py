"""Edits of the routing file from a draft to what is live: merged, checked, planned, approved, written, and kept."""
