"""Ways in: a table or a command in pyproject.toml, and how a target string becomes an experiment."""
