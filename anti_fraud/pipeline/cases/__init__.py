"""Cases: opened by held scans, worked on by analysts, decided once."""
