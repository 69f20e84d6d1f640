"""What the Analysis tab and the printed report have in common: words, how figures are written, charts, the report."""
