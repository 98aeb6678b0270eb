"""Made-up texts with labels for the checks of texts."""

import numpy as np
import pandas as pd

from mldiag.data.audited.table import audited

SPORT = "the team won a game against them and the coach said that players were tired but glad"
FOOD = "the soup is made of beans with salt and oil and it was served in a bowl to the guests"
WORDS = {"sport": SPORT.split(" "), "food": FOOD.split(" ")}


def sentences(rows=120, seed=0):
    """A frame of texts of 12 to 40 words and their label."""
    random = np.random.default_rng(seed)
    labels = random.choice(list(WORDS), rows)
    texts = [" ".join(random.choice(WORDS[label], random.integers(12, 40))) for label in labels]
    return pd.DataFrame({"text": texts, "y": labels})


def judged(check, train, test=None):
    """What a check says of frames with a column of text."""
    subject = audited(train, test, target="y")
    assert subject.train["text"].kind == "text"
    return check.judge(subject)
