"""What several steps share: intervals, paired differences, many comparisons; pure functions over arrays."""
