"""One file a subject: what is stored of it and how it is read."""
