"""Errors of HTTP as those of archives."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import ArchiveError
from ..options.addresses import DicomwebAddress
from ..options.remedies import remedy
from .archive import InterruptedTransferError

_WRONG_ANSWER = (ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, struct.error)
"""What those raise that read an answer which is not as the standard specifies."""
_OBJECT = re.compile(r"^\w+\([^()]*\): ")
"""The connection of which a library writes the class and the address before the reason."""
_BUSY = (408, 425, 429, 500, 502, 503, 504)


class HttpStatusError(ArchiveError):
    """An archive answers with a status that does not mean that it is busy.

    Attributes
    ----------
    code : int
        The status.
    """

    def __init__(self, message: str, code: int):
        super().__init__(message)
        self.code = code


@contextmanager
def archive_errors(address: DicomwebAddress, timeout_s: float) -> Iterator[None]:
    """Raise errors of HTTP as those of archives."""
    import requests
    from pydicom.errors import InvalidDicomError

    try:
        yield
    except requests.exceptions.SSLError as error:
        raise _tls_error(address, _cause(error)) from error
    except requests.exceptions.HTTPError as error:
        raise _http_error(address, error.response) from error
    except requests.exceptions.Timeout as error:
        raise InterruptedTransferError(f"{address} does not answer within {timeout_s:g} s.") from error
    except (requests.exceptions.RequestException, ConnectionError) as error:
        lost = f"{address} cannot be reached, or the connection was lost ({_cause(error)}). Check host, port and network."
        raise InterruptedTransferError(lost) from error
    except (*_WRONG_ANSWER, InvalidDicomError) as error:
        raise ArchiveError(f"{address} does not answer as DICOMweb specifies ({error}). Check the path of the URL.") from error


def _tls_error(address: DicomwebAddress, cause: str) -> ArchiveError:
    if "CERTIFICATE_VERIFY_FAILED" in cause:
        return ArchiveError(
            f"{address}: the certificate of the archive is not trusted ({cause}). {remedy('trust-certificate')}"
        )
    return ArchiveError(
        f"{address}: no connection by TLS ({cause}). Check the port, whether the archive uses TLS (https) there, and "
        "whether it requires a client certificate."
    )


def _http_error(address: DicomwebAddress, response: Any) -> ArchiveError:
    code = response.status_code
    if code in (401, 403):
        return HttpStatusError(f"{address} refuses access (HTTP {code}). {remedy('check-credentials')}", code)
    if code in _BUSY:
        return InterruptedTransferError(f"{address} is busy or has failed (HTTP {code}).")
    return HttpStatusError(f"{address} answers with HTTP {code} {response.reason}. Check the path of the URL.", code)


def _cause(error: BaseException) -> str:
    """Return the innermost reason of an error, which those of HTTP libraries wrap."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    text = str(reason or error).split("(_ssl.c")[0].strip().rsplit("object at ", 1)[-1]
    return _OBJECT.sub("", text)
