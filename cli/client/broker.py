"""The broker as the command line finds it: reached, or why not, in a sentence."""

from __future__ import annotations

from cli.terminal.exit_status import Ending, Exit
from workers.messaging import broker_check
from workers.settings import without_password


def require_broker(broker_url: str, then: str = "") -> None:
    """Go on only if the broker can be used; `then` says what else is worth knowing if not.

    Raises:
        Ending: it cannot.
    """
    where = f"The broker {without_password(broker_url)}"
    try:
        broker_check.require_broker(broker_url)
    except broker_check.SignInFailed as error:
        sentence = f"{where} does not let us in: check user and password in SCRIPTLEDGER_BROKER_URL. ({error})"
        raise Ending(Exit.UNREACHABLE, sentence + then, code="broker_refused") from error
    except broker_check.BrokerUnreachable as error:
        sentence = f"{where} cannot be reached: start it, or name another in SCRIPTLEDGER_BROKER_URL. ({error})"
        raise Ending(Exit.UNREACHABLE, sentence + then, code="broker_unreachable") from error
