"""Exercises put together: the engine of the real bot on a simulated agent, with a store of its own."""
