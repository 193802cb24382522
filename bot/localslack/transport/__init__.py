"""How requests come in and payloads go out: Web API, sockets, webhooks."""
