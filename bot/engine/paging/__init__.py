"""Whether people can be reached, and the weekly test page."""
