"""HTTP of packages: ordered, approved, downloaded, cancelled."""
