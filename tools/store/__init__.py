"""The record: tables, migrations, the one commit, and the questions people ask of it. SQLite by default, PostgreSQL by URL."""
