"""The organization's lists as CSV files, the world as JSON, and their one reader."""
