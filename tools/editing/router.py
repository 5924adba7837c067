"""Does the running router use the file that was just written? Asks its /health, the way a person would."""

from __future__ import annotations

import http.client
import json
import time
from typing import Final

from tools.settings import Settings

LONGEST_S: Final = 12.0  # the probe looks at each part at least every 5 s
PAUSE_S: Final = 0.2


def router_uses(settings: Settings, digest: str, longest_s: float = LONGEST_S) -> tuple[bool, str]:
    """(nothing is wrong, a sentence). Waits until the router uses it or says why not; one that does not run is not wrong."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host  # noqa: S104 - as it is asked, not bound
    where, until = f"http://{host}:{settings.port}", time.monotonic() + longest_s
    while True:
        part = _routing(host, settings.port)
        if part is None:
            return True, f"No router answers at {where}: the next that starts routes with it."
        if part.get("digest") == digest[:12]:
            return True, f"The router at {where} routes with it."
        if time.monotonic() > until:
            fault = part.get("fault")
            told = f"says: {fault}" if fault else f"routes with version {part.get('version')} ({part.get('digest')})"
            return False, f"The router at {where} does not use it and {told}. Does it read another file (ROUTING_FILE)?"
        time.sleep(PAUSE_S)


def _routing(host: str, port: int) -> dict[str, object] | None:
    """What /health says of the routing file; None without an answer."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/health")
        parts = json.loads(connection.getresponse().read())["parts"]
        return dict(parts["routing"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
