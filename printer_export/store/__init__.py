"""The SQL of printer_export, by noun."""
