"""What the fleet file asks of the kinds of source, pager and control, and how kinds are found."""
