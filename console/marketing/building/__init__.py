"""A form of rows from which a campaign's terms are built, without JSON."""
