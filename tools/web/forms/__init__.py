"""Leads from form vendors: a folder each, which knows the vendor's shape, its signature and its names of fields."""
