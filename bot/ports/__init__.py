"""The seams: what the engine needs of the world, as Protocols, one file a subject.

No vendor's name below this line or above it. An adapter raises `DeliveryError` (or `SourceError`) and nothing else of
its own; retries live in the engine.
"""
