"""Duplicates in bulk: a file or the store through Splink on DuckDB, and the generated people that figures are measured on."""
