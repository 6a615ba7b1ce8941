"""Problems of an installation: the one judgement that the status command, the page and the metrics share."""
