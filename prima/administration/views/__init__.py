"""The pages of administrators, one blueprint a file."""
