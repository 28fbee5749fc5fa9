"""Feeds a printer from a package and a journal, without keys and without a server."""
