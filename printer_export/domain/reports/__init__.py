"""Line reports: rows, and the statuses of codes that they change; pure."""
