"""Between an agent and its tools: the gateway, and the writes that wait for people."""
