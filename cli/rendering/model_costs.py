"""What calls of a model cost, before and after them, as text and as JSON documents."""

from __future__ import annotations

from cli.json_documents.proposals import Cost, Estimate
from cli.terminal.screen import counted
from domain.chat import Usage
from repos.proposals.proposals import ProposalRow
from repos.unit_of_work import RecordsTransaction
from workers.proposals.language_models.factory import Terms


def costs_of(tx: RecordsTransaction, proposal: ProposalRow) -> list[Cost]:
    """The cost of the calls for a proposal, by model and currency; what is unknown counts as 0."""
    answers = [] if proposal.chat_message_id is None else tx.chat.answers(proposal.chat_message_id)
    calls: dict[tuple[str, str], list[Usage]] = {}
    for answer in answers:
        for usage in tx.chat_usage.of_message(answer.id):
            calls.setdefault((usage.model, usage.currency), []).append(usage)
    return [
        Cost(
            model=model,
            currency=currency,
            calls=len(usages),
            tokens_in=sum(usage.tokens_in or 0 for usage in usages),
            tokens_out=sum(usage.tokens_out or 0 for usage in usages),
            cost_micros=sum(usage.cost_micros or 0 for usage in usages),
        )
        for (model, currency), usages in calls.items()
    ]


def cost_text(cost: Cost) -> str:
    """The cost of calls in one sentence."""
    if not (cost.tokens_in or cost.tokens_out):
        return f"{counted(cost.calls, 'call')}; the server does not say how many tokens."
    tokens = f"{counted(cost.calls, 'call')}, {cost.tokens_in:,} tokens sent and {cost.tokens_out:,} written"
    return f"{tokens}: {money(cost.cost_micros, cost.currency)}." if cost.cost_micros else f"{tokens}."


def estimate_of(script_id: int, tokens: int, terms: Terms) -> Estimate:
    """What a request with about so many tokens may cost."""
    most = terms.price.cost_micros(tokens, terms.budget.answer)
    return Estimate(script_id, tokens, terms.budget.answer, most, terms.price.currency)


def estimate_text(estimate: Estimate) -> str:
    """The same in one sentence."""
    tokens = f"About {estimate.tokens_in:,} tokens are sent to the model, and up to {estimate.tokens_out:,} come back"
    if estimate.cost_micros is None:
        return f"{tokens}."
    return f"{tokens}: at most {money(estimate.cost_micros, estimate.currency)} a call."


def money(micros: int, currency: str) -> str:
    """An amount of money, to a hundredth of a cent."""
    return f"{micros / 1_000_000:,.4f} {currency}"
