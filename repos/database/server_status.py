"""Transaction status: the state a MySQL server reports with each answer, compared with the expected state.

A transaction sent in few packets can end in the middle of one without an error: Galera aborts it when another node's
commit comes first, and MariaDB answers OK and runs the rest of the packet. Two measures keep that rest from being
committed: autocommit is off during a transaction, so that the rest is in a transaction too, which is rolled back; and
the status of each answer is checked, so that the abort is detected.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Final

from pymysql.constants import COMMAND, SERVER_STATUS

from domain.errors import Conflict
from repos.driver.forked_connections import close_in_children
from repos.driver.result_rows import InlineResult
from repos.driver.tls_context import SharedContextConnection

# Autocommit is off, a transaction is open.
IN_TRANSACTION: Final = SERVER_STATUS.SERVER_STATUS_IN_TRANS
# Autocommit is off, no transaction is open: before its first statement, and after COMMIT.
BETWEEN: Final = 0
# Each statement is a transaction of its own.
OUTSIDE: Final = SERVER_STATUS.SERVER_STATUS_AUTOCOMMIT
# More answers to the same packet follow.
MORE: Final = SERVER_STATUS.SERVER_MORE_RESULTS_EXISTS

_CHECKED: Final = IN_TRANSACTION | OUTSIDE | MORE

_LONGER_NUMBER: Final = 251
"""A number in an answer begins with a byte of its own length from here on; less is the number itself."""
_STATUS_AND_WARNINGS: Final = Struct("<HH").unpack_from


class TransactionLost(Conflict):
    """The server's answer is not from the transaction that was begun; nothing of it may be committed."""


class StatusConnection(SharedContextConnection):
    """A connection that updates `server_status` after every answer.

    PyMySQL updates it after writes only, not after result sets. A forked child closes its copy.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        # Before it connects: another thread may fork.
        close_in_children(self)
        super().__init__(*args, **options)

    def send(self, text: str) -> None:
        """Send a packet of statements; each `next_result` reads the answer to one of them."""
        self._execute_command(COMMAND.COM_QUERY, text.encode(self.encoding, "surrogateescape"))

    def _read_query_result(self, unbuffered: bool = False) -> int:  # noqa: ARG002 - rows are always read to their end
        self._result = None
        result = _StatusResult(self)
        result.read()
        self._result = result
        self.server_status: int = result.server_status
        return int(result.affected_rows)


class _StatusResult(InlineResult):
    def _read_ok_packet(self, packet: Any) -> None:
        data = packet.get_all_data()
        affected_rows, insert_id = data[1], data[2]
        if affected_rows >= _LONGER_NUMBER or insert_id >= _LONGER_NUMBER:
            super()._read_ok_packet(packet)
            return
        # Nearly every answer to a write, several of each keystroke: PyMySQL takes it apart number by number.
        self.affected_rows, self.insert_id = affected_rows, insert_id
        self.server_status, self.warning_count = _STATUS_AND_WARNINGS(data, 3)
        self.message = data[7:]
        self.has_next = self.server_status & MORE

    def _check_packet_is_eof(self, packet: Any) -> bool:
        if not packet.is_eof_packet():
            return False
        self.warning_count, self.server_status = packet.read_struct("<xhh")
        self.has_next = self.server_status & MORE
        return True


def require(connection: StatusConnection, wanted: int) -> None:
    """Check the status of the last answer.

    Raises:
        TransactionLost: it is not `wanted`.
    """
    status = connection.server_status & _CHECKED
    if status != wanted:
        raise TransactionLost(
            f"the server answered from another transaction than the one that was begun (status {status}, not {wanted})"
        )
