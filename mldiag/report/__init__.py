"""What a person or a program reads: console, JSON, HTML."""
