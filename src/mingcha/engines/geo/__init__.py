"""Places: coordinates of China's several datums, in WGS-84."""
