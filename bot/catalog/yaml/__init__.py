"""The data files: read, checked, written, and edited one entry at a time."""
