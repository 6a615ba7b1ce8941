"""The domain of chat: one table of messages from logs that overlap, each message once, in the order of writing."""

from __future__ import annotations

import time
from collections.abc import Iterator

from backfill.domains.base import BackfillContext, Difference, Domain, ItemWork, domain
from backfill.domains.chat_logs.batch import ChatWriter
from backfill.domains.chat_logs.late_exchanges import after_their_messages
from backfill.domains.chat_logs.log_rows import TARGET, log_rows
from backfill.domains.chat_logs.proof import prove
from backfill.domains.chat_logs.reading_order import batches
from backfill.domains.flat.garbage_searches import rare_garbage_searches
from backfill.domains.flat.reserved_numbers import reserve_script_numbers

# All chat tables together are one item, because they are merged by time.
ITEM = "all tables"


@domain
class Chat(Domain):
    """Messages, and what the models cost that wrote them."""

    name = "chat"
    needs = ("users",)

    def items(self, context: BackfillContext) -> Iterator[str]:
        if context.tables_for(TARGET):
            # Scripts come over later, and messages name them by their numbers.
            reserve_script_numbers(context)
            yield ITEM

    @rare_garbage_searches()
    def migrate(self, work: ItemWork) -> bool:
        writer = ChatWriter(work)
        log = log_rows(work.context, writer.progress, writer.place.places, writer.requests)
        if len(writer.progress) > 1:
            log = after_their_messages(log)
        for rows in batches(log):
            writer.write(rows)
            if time.monotonic() >= work.deadline:
                return False
        return True

    def prove(self, context: BackfillContext, name: str) -> Iterator[Difference]:
        return prove(context) if name == ITEM else iter(())
