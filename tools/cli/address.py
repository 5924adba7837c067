"""Can this machine listen where the settings say? Asked before anything is started: `/health` is answered by whoever listens
there, and a part that cannot listen dies again and again."""

from __future__ import annotations

import errno
import socket

from tools.settings import Settings


def taken(settings: Settings) -> str | None:
    """A sentence that names the setting and the fix; None where HOST and PORT are free."""
    host, port = settings.host, settings.port
    if port == 0:
        return "PORT: 0 is no port that people can be told; name one, as 8000"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        return f"HOST: {host} is no address of this machine ({_why(error)}); 127.0.0.1 or 0.0.0.0 will do"
    for family, kind, protocol, _, address in found:
        with socket.socket(family, kind, protocol) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(address)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return f"PORT: {port} on {host} is in use; stop what listens there, or set another PORT"
                if error.errno == errno.EACCES:
                    return f"PORT: {port} may not be listened on by this user; set one above 1023"
                return f"HOST: {host} cannot be listened on ({_why(error)}); 127.0.0.1 or 0.0.0.0 will do"
    return None


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
