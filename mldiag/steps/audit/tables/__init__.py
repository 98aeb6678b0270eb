"""What several checks of tables share: how rows, columns and splits are compared, and the figure."""
