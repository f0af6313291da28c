"""The pages of deadlines, reports and figures, one blueprint a noun."""
