"""Who is paged when, and whether they can be reached."""
