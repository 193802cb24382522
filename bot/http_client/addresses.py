"""Where a message may go. What a name resolves to is looked up once, checked, and then used.

Link-local and cloud metadata addresses are refused: credentials of the machine lie there, and an address in the fleet
file, or the answer of somebody's name server, must not fetch them. Private networks and this machine are allowed: that
is where agents and receivers live.
"""

import threading
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import SOCK_STREAM, gaierror, getaddrinfo

import httpcore

from bot.ports.errors import DeliveryError

METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal"})
LOOK_UP_BESIDE_PROXY = 1.0
"""Seconds for a look-up that the proxy will do again."""
_METADATA = tuple(ip_network(net) for net in ("100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::254/128"))


def is_forbidden(address: str) -> bool:
    """Whether an address is link-local, a cloud's metadata service, multicast or unspecified."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip.is_link_local or ip.is_multicast or ip.is_unspecified or any(ip in net for net in _METADATA)


def allowed(host: str, port: int, within: float) -> str:
    """The first address of a host, where none of them is forbidden. Raises DeliveryError; ConnectTimeout when late."""
    found = _looked_up(host, port, within)
    for address in found:
        if is_forbidden(address):
            raise DeliveryError(f"{host} is {address}, a link-local or metadata address; refused", permanent=True)
    return found[0]


def insist_allowed_through_proxy(host: str, port: int, within: float) -> None:
    """The same for a host that a proxy looks up. Raises DeliveryError.

    Where names outside are not known to this machine, the proxy's own rules are all there is; names of metadata
    services are refused all the same.
    """
    name = host.rstrip(".").lower()
    if name in METADATA_NAMES:
        raise DeliveryError(f"{host} is a cloud's metadata service; refused", permanent=True)
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        try:
            allowed(host, port, min(within, LOOK_UP_BESIDE_PROXY))
        except DeliveryError as error:
            if error.permanent:
                raise
        except httpcore.ConnectTimeout:
            return
    else:
        allowed(host, port, within)


def _looked_up(host: str, port: int, within: float) -> list[str]:
    """Every address of a host. The system's look-up knows no deadline, so it runs on a thread that nobody waits for."""
    found: list[str] = []
    trouble: list[str] = []

    def look() -> None:
        try:
            found.extend(str(one[4][0]) for one in getaddrinfo(host, port, type=SOCK_STREAM))
        except (gaierror, UnicodeError) as error:
            trouble.append(str(error))

    _run(look, within)
    if trouble:
        raise DeliveryError(f"{host} cannot be resolved: {trouble[0]}")
    if not found:
        raise httpcore.ConnectTimeout
    return found


def _run(work: Callable[[], None], within: float) -> None:
    thread = threading.Thread(target=work, name="look-up", daemon=True)
    thread.start()
    thread.join(within)
