"""The figures of the dashboard's further pages, one module a theme: counts and sums of the chosen projects."""
