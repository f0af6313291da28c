"""Keeping accounts and lists: the pages of administrators."""
