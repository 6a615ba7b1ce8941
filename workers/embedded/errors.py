"""The error of the embedded services."""


class EmbeddedBrokerError(RuntimeError):
    """The embedded broker cannot run here; the message gives the remedy."""
