"""The SQL of line reports, and of what they tell of codes and units."""
