"""What the answers of a source say of the source: doubts, series that stand still, numbers that cannot be."""
