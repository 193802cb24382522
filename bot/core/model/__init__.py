"""The words of the trade as values (`product.md` sections 1, 2 and 7).

Times are aware UTC datetimes. A *minute* is an int: whole minutes since the epoch, of the source's clock.
Percentages run from 0 to 100. Everything here is frozen; nothing here reads a clock or touches the world.
"""
