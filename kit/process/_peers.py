"""Whose a connection is, on a machine that several people work on: a port has no owner, a connection has.

Only the kernel of the operating system knows it, so that is asked (sock_diag(7), Linux): some
twenty microseconds, whatever else is connected. Nothing but the standard library: programs
that load few modules use it.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from typing import Any

_NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST = 4, 20, 1
_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_ASKED = struct.Struct("=BBBxI")  # inet_diag_req_v2: family, protocol, extensions, states
_PORTS_AND_ADDRESSES = struct.Struct("!HH4s12x4s12x")  # inet_diag_sockid, its first part, in network order
_ANY_DEVICE, _ANY_STATE = struct.pack("=I8s", 0, b"\xff" * 8), 0xFFFFFFFF
_UID = struct.Struct("=I")
_UID_AT = _HEADER.size + 4 + 48 + 3 * 4  # inet_diag_msg: four bytes, the sockid, three numbers


def is_of_own_user(connection: socket.socket) -> bool:
    """Say whether a connection comes from a process of this very user.

    Args:
        connection: what `accept` gave; only TCP over IPv4 can come from somebody else.
    """
    if connection.family != socket.AF_INET:
        return True
    try:
        there, here = connection.getpeername(), connection.getsockname()
        # The other end's socket, seen from where that is.
        ends = (there[1], here[1], socket.inet_aton(there[0]), socket.inet_aton(here[0]))
        request = _ASKED.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, _ANY_STATE)
        request += _PORTS_AND_ADDRESSES.pack(*ends) + _ANY_DEVICE
        header = _HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 0, 0)
        with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG) as asking:
            asking.send(header + request)
            answer = asking.recv(4096)
    except OSError:
        return False  # it has gone, or nobody can say whose it is
    if _HEADER.unpack_from(answer)[1] != _SOCK_DIAG_BY_FAMILY:
        return False
    owner: int = _UID.unpack_from(answer, _UID_AT)[0]
    return owner == os.geteuid()


def keep_strangers_out() -> None:
    """Have every socket of this process accept its own user's connections only."""
    accept = socket.socket.accept

    def accept_own(listening: socket.socket) -> tuple[socket.socket, Any]:
        connection, address = accept(listening)
        if is_of_own_user(connection):
            return connection, address
        connection.close()
        # What a server has to expect of any connection: it waits for the next one.
        raise ConnectionAbortedError(errno.ECONNABORTED, os.strerror(errno.ECONNABORTED))

    socket.socket.accept = accept_own  # type: ignore[assignment,method-assign]  # a server's own code accepts: there is no other place
