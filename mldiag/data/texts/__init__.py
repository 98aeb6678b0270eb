"""Texts: files of a folder, or the cells of a column of text."""
