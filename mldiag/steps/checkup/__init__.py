"""All six: what to do next, ranked by what each remedy gains."""
