"""Check that the broker can be used; if not, one sentence with the reason."""

from __future__ import annotations

from cli.terminal.exit_status import Ending, Exit
from workers.messaging import broker_check
from workers.settings import without_password


def require_broker(broker_url: str, then: str = "") -> None:
    """Check that the broker can be used; `then` is added to the message if not.

    Raises:
        Ending: the broker is unreachable or refuses the sign-in.
    """
    where = f"The broker {without_password(broker_url)}"
    try:
        broker_check.require_broker(broker_url)
    except broker_check.SignInFailed as error:
        sentence = f"{where} refused the sign-in: check user and password in SCRIPTLEDGER_BROKER_URL. ({error})"
        raise Ending(Exit.UNREACHABLE, sentence + then, code="broker_refused") from error
    except broker_check.BrokerUnreachable as error:
        sentence = f"{where} cannot be reached: start it, or name another in SCRIPTLEDGER_BROKER_URL. ({error})"
        raise Ending(Exit.UNREACHABLE, sentence + then, code="broker_unreachable") from error
