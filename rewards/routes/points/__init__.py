"""HTTP of points, a file for each part of it."""
