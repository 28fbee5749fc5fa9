"""What every feature stands on; no business noun lives here."""
