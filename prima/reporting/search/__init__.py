"""The search: which projects hold words (matching), and where (finding)."""
