"""The store: results, claims of trials in flight, records of commands, in one SQLite file."""
