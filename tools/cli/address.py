"""Can this machine listen where the settings say? Asked before anything is started: `/health` is answered by whoever listens
there, and a part that cannot listen dies again and again."""

from __future__ import annotations

import errno
import socket
import sys
import time

from tools.settings import Settings

ANOTHER = "stop what listens there, or set another PORT"
PATIENCE_S = 8.0
"""How long a router whose supervisor was killed may hold its port: it ends what it has begun to answer."""


def taken(settings: Settings) -> str | None:
    """A sentence that names the setting and the fix; None as soon as HOST and PORT are free. Waits for PATIENCE_S where
    somebody listens there."""
    until, told = time.monotonic() + PATIENCE_S, False
    while (fault := _fault(settings)) is not None and fault.endswith(ANOTHER) and time.monotonic() < until:
        if not told:
            print(
                f"{settings.host}:{settings.port} is in use; waiting {PATIENCE_S:.0f} s for it",
                file=sys.stderr,
                flush=True,
            )
        told = True
        try:
            time.sleep(0.1)
        except KeyboardInterrupt:
            raise SystemExit(130) from None
    return fault


def _fault(settings: Settings) -> str | None:
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
                    return f"PORT: {port} on {host} is in use; {ANOTHER}"
                if error.errno == errno.EACCES:
                    return f"PORT: {port} may not be listened on by this user; set one above 1023"
                return f"HOST: {host} cannot be listened on ({_why(error)}); 127.0.0.1 or 0.0.0.0 will do"
    return None


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
