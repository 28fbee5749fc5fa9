"""What printer_export does: exports, packages, line reports, cartons."""
