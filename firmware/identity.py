"""
An Identity is who a device is and whom it believes: it signs what the device says, and
opens what its aggregator, and for a meter its M-LMD, signed for this network.
"""

import ed25519

from wire import message


class Identity:
    def __init__(self, config, signer=None):
        self.device_id = config.device_id
        self.area_id = config.area_id
        self._network_id = config.network_id
        self._sign = (signer or ed25519.Signer(config.seed)).sign
        self.keys = {config.area_id: config.aggregator_public_key}
        if config.mlmd:
            self.keys[config.mlmd.id] = config.mlmd.public_key

    def use(self, seed):
        """Sign with another key from now on."""
        self._sign = ed25519.Signer(seed).sign

    def seal(self, kind, layout, fields):
        """A message of this device (a sequence in the layout's order), signed: bytes."""
        return message.seal(kind, layout, fields, self.device_id, self._network_id, self._sign)

    def open(self, signer_id, kind, layout, data, size_max):
        """The message in `data` (untrusted bytes), if `signer_id` signed it. Raises WireError."""

        def key_of(identity):
            return self.keys.get(identity) if identity == signer_id else None

        return message.open_as(kind, layout, data, key_of, self._network_id, ed25519.verify, size_max)[1]

    def open_of_aggregator(self, kind, layout, data, size_max):
        """The same, of the aggregator."""
        return self.open(self.area_id, kind, layout, data, size_max)
