"""Mappings by example: a pasted payload gets a proposal, people correct it, it is saved as data and read at its own endpoint."""
