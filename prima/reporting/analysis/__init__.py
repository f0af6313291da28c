"""Analysis of the portfolio: reports, tables of any two dimensions, and two of something beside each other."""
