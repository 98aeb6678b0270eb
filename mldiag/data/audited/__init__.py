"""A table as the audit sees it: raw columns, what each was taken for, and facts that checks share."""
