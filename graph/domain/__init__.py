"""Frozen types, one noun family a file. Nothing here computes, reads or knows a vendor."""
