"""The recordings: fill in `load`. Nothing is trained before."""

WORDS = 35  # of Speech Commands: Warden 2018, arXiv:1804.03209


def load():
    """Spectrograms (N, frames, bands) and words by number (N,), to train on and to validate on.

    The logarithm of 40 mel bands, every 10 ms, each band with mean 0 and deviation 1 over the
    training recordings: `torchaudio.transforms.MelSpectrogram`. Recordings of one speaker belong to
    one side alone.
    """
    raise NotImplementedError(
        "Fill in `load` in recordings.py: (spectrograms, words) to train on and to validate on."
    )
