"""Networks trained for equal time on the same data."""
