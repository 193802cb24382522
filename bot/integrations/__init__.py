"""Other products: issue trackers and evaluation datasets."""
