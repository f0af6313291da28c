"""The pages of the endorsement, one blueprint a noun."""
