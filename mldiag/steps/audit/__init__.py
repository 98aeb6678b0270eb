"""Step 3, is the data good? Looks at the raw data, and measures what mending it gives."""
