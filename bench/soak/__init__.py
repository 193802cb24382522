"""Days of random incidents on a fast clock: memory, files and the database must stay flat."""
