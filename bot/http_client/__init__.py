"""How bytes leave the house over HTTP: by a deadline, to an allowed address, signed. The floor below every adapter.

Adapters may not know each other, and what is learned about calling out has one place to go (`docs/decisions/0009`).
"""
