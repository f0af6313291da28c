"""The pages of a project, one blueprint a noun."""
