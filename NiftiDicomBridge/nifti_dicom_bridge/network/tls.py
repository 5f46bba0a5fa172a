"""Certificates: the server is always verified; this tool identifies itself where a certificate is configured."""

from __future__ import annotations

import ssl

from ..errors import OptionError
from .settings import ArchiveSettings


def client_context(settings: ArchiveSettings) -> ssl.SSLContext:
    """Return the TLS settings for connections to a server.

    Raises
    ------
    OptionError
        If a certificate or key cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.client_certificate is not None:
            context.load_cert_chain(settings.client_certificate, settings.client_key)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(str(path) for path in (settings.ca_file, settings.client_certificate, settings.client_key) if path)
        raise OptionError(f"The certificates of the archive settings cannot be read: {files} ({error}).") from error
    return context
