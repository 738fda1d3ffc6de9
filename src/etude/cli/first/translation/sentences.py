"""The sentences: fill in `load`. Nothing is trained before."""

VOCABULARY = 8000  # tokens, by number; 0 fills a sentence up
LENGTH = 32  # tokens of a sentence, filled up with 0; longer ones are cut


def load():
    """Sentences by token to train on and to validate on, each a pair of whole numbers:

    source (N, LENGTH), and target (N, LENGTH + 1), which begins with a token that only begins. Of a
    corpus of pairs: `sentencepiece` makes tokens; 200,000 pairs are a good small start.
    """
    raise NotImplementedError(
        "Fill in `load` in sentences.py: (source, target) to train on and to validate on."
    )
