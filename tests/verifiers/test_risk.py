"""Early warning, measured on sentences as buyers write them: what warns, and what only looks so."""

from __future__ import annotations

from collections import Counter

import pytest

from evidence.errors import FormatError
from verifiers.risk.words import built_in_words, read_words, risks_in, tiers

CLAIM, BANK, DAMAGED, LOST, WRONG = "claim", "chargeback", "damaged", "lost", "wrong_item"
# Each with every kind of risk in it, and no other.
SENTENCES: dict[str, set[str]] = {
    "I will open an A-to-z claim tomorrow.": {CLAIM},
    "If I don't hear back I'm filing a claim": {CLAIM},
    "I don’t want to file a claim, but you leave me no choice": {CLAIM},
    "Please don't make me escalate this.": {CLAIM},
    "I'll contact Amazon about this": {CLAIM},
    "My bank will do a chargeback": {BANK},
    "I'm going to dispute the charge with my credit card company": {BANK},
    "It arrived damaged": {DAMAGED},
    "The screen is cracked and it doesn't work": {DAMAGED},
    "not only damaged, but also dirty": {DAMAGED},
    "The box was fine however the mug inside is broken": {DAMAGED},
    "My package never arrived": {LOST},
    "I still have not received my order": {LOST},
    "USPS says it is lost": {LOST},
    "where is my package???": {LOST},
    "You sent me the wrong size": {WRONG},
    "This is not what I ordered.": {WRONG},
    "Wrong item and it is broken too. I want a chargeback.": {WRONG, DAMAGED, BANK},
    "> it arrived damaged\nThank you, all solved now": set(),
    "The item is undamaged, thanks": set(),
    "It was not damaged at all": set(),
    "There isn't any damage": set(),
    "No damage, no problem, great seller": set(),
    "It is not lost, I found it": set(),
    "I will not file a claim": set(),
    "Nothing is broken": set(),
    "I lost track of the delivery date, when is it?": set(),
    "How do I claim my discount?": set(),
    "Is there a place near baggage claim for pickup?": set(),
    "When will it ship?": set(),
    "Can I change the colour to blue?": set(),
    "Great product, fast delivery, five stars": set(),
    "Could you send me an invoice please": set(),
    "收到的时候杯子碎了": {DAMAGED},
    "东西坏了，我要投诉": {DAMAGED, CLAIM},
    "包裹到现在还没收到": {LOST},
    "快递丢了吗？": {LOST},
    "你们发错货了": {WRONG},
    "再不处理我就申请拒付": {BANK},
    "不想投诉，但是你们一直不回复": {CLAIM},
    "包装完好，没有破损": set(),
    "没有损坏，谢谢": set(),
    "什么时候发货？": set(),
    "質量很好，很喜歡": set(),
    "商品壞了": {DAMAGED},
    "Das Paket ist nicht angekommen": {LOST},
    "Die Tasse kam zerbrochen an": {DAMAGED},
    "Ich werde einen A-bis-Z-Garantieantrag stellen": {CLAIM},
    "Sie haben mir den falschen Artikel geschickt": {WRONG},
    "Das Gerät ist nicht beschädigt": set(),
    "Alles unbeschädigt angekommen, danke": set(),
    "Wann wird es geliefert?": set(),
    "Le colis est arrivé cassé": {DAMAGED},
    "Je n'ai jamais reçu mon colis, il est perdu": {LOST},
    "Je vais ouvrir une réclamation": {CLAIM},
    "Ce n'est pas cassé": set(),
    "Merci beaucoup pour la livraison": set(),
    "El paquete no ha llegado": {LOST},
    "Llegó roto y voy a poner una reclamación": {DAMAGED, CLAIM},
    "No está roto, gracias": set(),
    "È arrivato danneggiato": {DAMAGED},
    "Non è rotto": set(),
    "商品が破損していました": {DAMAGED},
    "まだ届いていません": {LOST},
    "違う商品が届きました": {WRONG},
    "破損はありませんでした": set(),
    "ありがとうございました": set(),
}


def test_what_warns_on_the_list_is_what_should_and_nothing_else() -> None:
    wrong = {
        text: found
        for text, right in SENTENCES.items()
        if (found := {risk.id for risk in risks_in(text)}) != right
    }
    assert wrong == {}
    assert len(SENTENCES) > 60


def test_every_kind_has_a_tier_and_every_language_every_kind() -> None:
    lists = built_in_words()
    assert {words.language for words in lists} == {"en", "zh", "de", "fr", "es", "it", "ja"}
    for words in lists:
        assert {id for id, _, _ in words.risks} == set(tiers().risks), words.language
    assert Counter(tiers().risks.values()) == {60: 2, 120: 3}
    assert tiers().platforms == {"amazon": 720, "shopify": 240}


def test_every_word_of_a_list_warns_when_it_stands_alone() -> None:
    for words in built_in_words():
        kana = "の" if words.language == "ja" else ""
        for id, word, _ in words.risks:
            text = f"{word.removesuffix('*')} {kana}"
            assert id in {risk.id for risk in risks_in(text)}, (words.language, word)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\xff", "TOML"),
        (b"spaces = true", "language"),
        (b'language = "en"\nnegations = [1]', "negations"),
        (b'language = "en"\n[[risk]]\nid = 3', "risk"),
        (b'language = "en"\nneeds = "["', "needs"),
        (b'language = "en"\nwords = ["x"]', "nobody reads"),
    ],
)
def test_a_list_that_is_wrong_says_where(raw: bytes, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        read_words(raw, name="mine.toml")


def test_a_long_message_is_looked_at_in_bounded_time() -> None:
    assert risks_in("not " * 200_000 + "damaged") == []
    assert risks_in("a-" * 100_000) == []
