"""
TLS of a service to its broker: who it believes, and the certificate it shows. Its common name
is the service's id, which the broker takes for its user name.
"""

import ssl
from pathlib import Path

from pydantic import model_validator

from .settings import Settings


class Tls(Settings):
    """The files, in PEM."""

    ca: Path
    certificate: Path
    key: Path

    @model_validator(mode="after")
    def _fit_together(self) -> "Tls":
        self.context()
        return self

    def context(self) -> ssl.SSLContext:
        """Raises ValueError for a file that is missing or wrong."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_verify_locations(self.ca)
        except OSError as error:  # ssl.SSLError is one
            raise ValueError(f"{self.ca}: {error.strerror or error}") from error
        try:
            context.load_cert_chain(self.certificate, self.key)
        except OSError as error:
            raise ValueError(f"{self.certificate}, {self.key}: {error.strerror or error}") from error
        return context
