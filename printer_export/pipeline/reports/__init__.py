"""Line reports: read, applied to codes and units, and put into effect."""
