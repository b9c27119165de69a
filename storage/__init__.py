"""Rows (SQLite through sqlite-utils) and files. It knows bytes and names, never what they mean."""
