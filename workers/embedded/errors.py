"""Why an embedded service cannot run."""


class EmbeddedBrokerError(RuntimeError):
    """The embedded broker cannot run here; the sentence says what to do about it."""
