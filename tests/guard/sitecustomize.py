"""Cuts the network for the tests and for every Python process that they start: only loopback and local sockets work."""

import ipaddress
import socket

_connect, _connect_ex, _sendto, _getaddrinfo = (
    socket.socket.connect,
    socket.socket.connect_ex,
    socket.socket.sendto,
    socket.getaddrinfo,
)


def _is_local(host):
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse_unless_local(sock, address):
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
        raise RuntimeError(f"the tests run without a network; something asked for {address!r}")


def connect(sock, address):
    _refuse_unless_local(sock, address)
    return _connect(sock, address)


def connect_ex(sock, address):
    _refuse_unless_local(sock, address)
    return _connect_ex(sock, address)


def sendto(sock, data, *rest):
    _refuse_unless_local(sock, rest[-1])
    return _sendto(sock, data, *rest)


def getaddrinfo(host, *rest, **options):
    if not _is_local(host):
        raise RuntimeError(f"the tests run without a network; something looked up {host!r}")
    return _getaddrinfo(host, *rest, **options)


def cut_the_network():
    """Replace what opens connections; calling it again changes nothing."""
    socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto = connect, connect_ex, sendto
    socket.getaddrinfo = getaddrinfo


cut_the_network()
