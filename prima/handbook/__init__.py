"""The Handbook as data: what an edition says, read from one file and kept as one row."""
