"""Reference learners: what common families reach on the same rows, with the preprocessing that each needs."""
