"""The forms of a proposal's pages: field names are the keywords of their operations."""
