"""How archives are reached: who calls, credentials, certificates, time limits; from a file, the environment or the keyring."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import inf
from pathlib import Path
from typing import Any

from ..errors import OptionError
from ..model.files.option_files import parse_toml, read_option_text
from ..operating_system import IS_WINDOWS
from ..options.addresses import check_title

ENVIRONMENT = "NIFTI_DICOM_BRIDGE_ARCHIVE_"
"""Each setting may be an environment variable with this prefix, such as NIFTI_DICOM_BRIDGE_ARCHIVE_PASSWORD."""
_SECRETS = ("password", "token")


@dataclass(frozen=True)
class ArchiveSettings:
    """How archives are reached.

    Attributes
    ----------
    user, password : str
        For HTTP basic authentication, or user identity negotiation by DIMSE (PS3.7 D.3.3.7).
    token : str
        Bearer token for DICOMweb; used in place of user and password.
    keyring : str
        Name of a service in the system keyring that holds the password of `user`; requires the package keyring.
    calling_title : str
        Application entity title of this tool.
    receiving_port : int
        Port on which objects are received by C-MOVE; 0: C-GET only.
    ca_file : pathlib.Path, optional
        Certificates that are trusted, PEM; by default those of the system.
    client_certificate, client_key : pathlib.Path, optional
        Certificate and key by which this tool identifies itself, PEM.
    timeout_s : float
        How long to wait for an answer while no data flow, in seconds.
    retries : int
        How often an interrupted transfer is continued.
    backoff_s : float
        Pause before the first retry, in seconds; doubled with each further one.

    Examples
    --------
    >>> from nifti_dicom_bridge import ArchiveSettings
    >>> ArchiveSettings(calling_title="RESEARCH", timeout_s=10).retries
    4
    """

    user: str = ""
    password: str = ""
    token: str = ""
    keyring: str = ""
    calling_title: str = "NIFTIDICOMBRIDGE"
    receiving_port: int = 0
    ca_file: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    timeout_s: float = 60.0
    retries: int = 4
    backoff_s: float = 1.0

    def __post_init__(self) -> None:
        check_title(self.calling_title, "calling_title")
        valid = 0 < self.timeout_s < inf and self.retries >= 0 and 0 <= self.backoff_s < inf
        if not valid or not 0 <= self.receiving_port < 65536:
            raise OptionError("timeout_s must be above 0, retries and backoff_s 0 or more, receiving_port 0 to 65535.")

    def __repr__(self) -> str:
        shown = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
        return f"ArchiveSettings({', '.join(f'{k}=…' if k in _SECRETS else f'{k}={v!r}' for k, v in shown.items())})"


def read_archive_settings(path: Path | None = None, environment: Mapping[str, str] = os.environ) -> ArchiveSettings:
    """Return the settings of a TOML file and of the environment, which wins; the password may come from the keyring.

    Parameters
    ----------
    path : pathlib.Path, optional
        The file; by default the one that NIFTI_DICOM_BRIDGE_ARCHIVE_SETTINGS names, if it is set.
    environment : mapping, optional
        Environment variables; they take precedence over the file.

    Returns
    -------
    ArchiveSettings
        Credentials, certificates, AE titles and time limits; what is not set has its default.

    Raises
    ------
    OptionError
        If a setting is unknown or not valid, or a file with secrets can be read by other users.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nifti_dicom_bridge import read_archive_settings
    >>> _ = Path("archive.toml").write_text('user = "reader"')
    >>> read_archive_settings(Path("archive.toml"), {"NIFTI_DICOM_BRIDGE_ARCHIVE_TIMEOUT_S": "10"})
    ArchiveSettings(user='reader', timeout_s=10.0)
    """
    named = environment.get(ENVIRONMENT + "SETTINGS", "")
    path = path or (Path(named) if named else None)
    values: dict[str, Any] = _file_values(path) if path is not None else {}
    for field in fields(ArchiveSettings):
        if (text := environment.get(ENVIRONMENT + field.name.upper())) is not None:
            values[field.name] = text
    settings = ArchiveSettings(**{name: _typed(name, value) for name, value in values.items()})
    return _with_password(settings) if settings.keyring and not settings.password else settings


def _file_values(path: Path) -> dict[str, Any]:
    try:
        values = parse_toml(read_option_text(path))
        mode = path.stat().st_mode
    except OSError as error:
        raise OptionError(f"{path}: the settings of the archive cannot be read ({error.strerror or error}).") from error
    except ValueError as error:
        raise OptionError(f"{path}: the settings of the archive are not valid TOML ({error}).") from error
    known = [field.name for field in fields(ArchiveSettings)]
    for name in values:
        if name not in known:
            raise OptionError(f"{path}: unknown setting {name!r}. Expected: {', '.join(known)}.")
    if not IS_WINDOWS and any(values.get(name) for name in _SECRETS) and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise OptionError(f"{path} contains a password or token, and other users can read it. Restrict it: chmod 600 {path}")
    return values


def _typed(name: str, value: Any) -> Any:
    """Return a value in the type of its setting."""
    default: Any = next(field.default for field in fields(ArchiveSettings) if field.name == name)
    try:
        return Path(value).expanduser() if default is None else type(default)(value)
    except (TypeError, ValueError) as error:
        raise OptionError(f"Setting {name}: {value!r} is not valid.") from error


def _with_password(settings: ArchiveSettings) -> ArchiveSettings:
    from dataclasses import replace

    from ..optional_packages import require

    require("keyring")
    import keyring

    password = keyring.get_password(settings.keyring, settings.user)
    if password is None:
        raise OptionError(f"The keyring has no password of {settings.user!r} for the service {settings.keyring!r}.")
    return replace(settings, password=password)
