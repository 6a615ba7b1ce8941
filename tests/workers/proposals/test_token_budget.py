"""Token budget tests: an estimate that is rather too high, and prices rounded up."""

from __future__ import annotations

import pytest

from cli.json_documents.proposals import Cost
from cli.rendering.model_costs import cost_text, estimate_of, estimate_text
from domain.proposals.refusals import ScriptTooLongForModel
from workers.proposals.language_models.factory import DEFAULT_TERMS
from workers.proposals.language_models.interface import Message
from workers.proposals.language_models.token_budget import Price, TokenBudget, tokens_of


@pytest.mark.parametrize(
    ("text", "counted_by_a_tokenizer"),
    [
        ("INT. WAREHOUSE - NIGHT. DETECTIVE ROSS", 13),
        ("(quietly)", 4),
        ('{"edit":"rewrite","line":"1234","expect":"a3f4","text":"EDGAR"}', 23),
        ("Привет, как дела? Я думал, что мы никогда не встретимся снова в этом городе.", 37),
        ("你好，世界。今天天气很好，我们去公园散步吧。", 27),
        ("Grüße aus München, schöne Straße; être naïve où déjà vu", 16),
        ("", 0),
    ],
)
def test_the_estimate_is_near_what_tokenizers_count(text: str, counted_by_a_tokenizer: int):
    assert 0.8 * counted_by_a_tokenizer <= tokens_of(text) <= 2 * counted_by_a_tokenizer


def test_a_prompt_and_its_answer_share_the_context():
    messages = [Message("user", "word " * 94)]

    assert TokenBudget(200, 100).require(messages) == 100
    with pytest.raises(ScriptTooLongForModel) as caught:
        TokenBudget(199, 100).require(messages)
    assert caught.value.facts == {"tokens": 100, "answer": 100, "limit": 199}


@pytest.mark.parametrize(
    ("price", "tokens", "cost"),
    [
        (Price(2_500_000, 10_000_000), (1_000_000, 100_000), 3_500_000),
        (Price(1, 1), (1, 0), 1),
        (Price(0, 0), (5, 5), 0),
        (Price(), (5, 5), None),
        (Price(1, 1), (None, 5), None),
    ],
)
def test_a_cost_is_rounded_up(price: Price, tokens: tuple[int | None, int], cost: int | None):
    assert price.cost_micros(*tokens) == cost


def test_costs_are_shown_in_tokens_and_in_money_where_it_is_known():
    assert cost_text(Cost("m", "USD", 2, 85_000, 400, 216_500)) == (
        "2 calls, 85,000 tokens sent and 400 written: 0.2165 USD."
    )
    assert cost_text(Cost("m", "USD", 1, 10, 5, 0)) == "1 call, 10 tokens sent and 5 written."
    assert cost_text(Cost("m", "USD", 1, 0, 0, 0)) == "1 call; the server does not say how many tokens."
    priced = DEFAULT_TERMS._replace(price=Price(2_500_000, 10_000_000, "EUR"))
    assert estimate_text(estimate_of(1, 100_000, priced)) == (
        "About 100,000 tokens are sent to the model, and up to 25,600 come back: at most 0.5060 EUR a call."
    )
    assert estimate_text(estimate_of(1, 100, DEFAULT_TERMS)).endswith("25,600 come back.")
