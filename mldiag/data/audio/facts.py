"""What is known of each sound file, and of a collection of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from mldiag.data.media import MediaCollection, MediaFile


@dataclass(frozen=True, slots=True)
class Header:
    """What the file says of itself, beside its true size.

    Args:
        format: Container, such as `WAV` or `FLAC`.
        subtype: Coding of the samples, such as `PCM_16` or `ULAW`.
        rate: Samples a second.
        channels: How many.
        frames: Samples of each channel that could be decoded.
        seconds: Their length.
        missing_share: Share of the announced sound that is not in the file; 0 where it is whole.
        doubts: What else does not fit, one phrase each.
        truncated: Whether the end is missing, also where it is not known how much.
    """

    format: str
    subtype: str
    rate: int
    channels: int
    frames: int
    seconds: float
    missing_share: float = 0.0
    doubts: tuple[str, ...] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Levels:
    """How loud a file is, in decibels of full scale (dBFS), by frames of about 20 ms.

    Args:
        peak: Largest absolute sample, 1 is full scale.
        loud_db: 95th percentile of the levels of the frames.
        floor_db: Level of the quietest frames that are not digital silence; None without such frames.
        snr_db: Level of the sound over that of a steady noise below it; None where no noise shows.
        loudness: Integrated loudness in LUFS (ITU-R BS.1770-4); None where there is only silence.
        dc_offset: Median of the means of the quieter half of the frames, of the channel where it is largest:
            an offset is there at rest too, a deep tone is not.
    """

    peak: float
    loud_db: float
    floor_db: float | None
    snr_db: float | None
    loudness: float | None
    dc_offset: float


@dataclass(frozen=True, slots=True)
class Silence:
    """Where nothing is heard, in seconds.

    Args:
        leading: Before the sound begins.
        trailing: After it has ended.
        longest_inner: Longest pause in between.
        inner_start: Where that pause begins.
        dropouts: How often the sound is cut to a constant value and comes back as suddenly.
        dropout_places: (start, length) of the first of them.
    """

    leading: float
    trailing: float
    longest_inner: float
    inner_start: float
    dropouts: int
    dropout_places: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Clipping:
    """Flat tops: runs of equal samples at the highest or lowest value, with a jump on both sides.

    Args:
        runs: How many.
        share: Share of all samples that lie in them.
        level: The value at which it is cut, 1 is full scale.
        places: Seconds of the longest runs.
    """

    runs: int
    share: float
    level: float
    places: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Hum:
    """Mains hum: steady narrow peaks at 50 or 60 Hz and their multiples.

    Args:
        mains: 50 or 60, in hertz.
        level_db: Its level below that of the sound, in decibels (negative).
        harmonics: Frequencies at which it shows, in hertz.
    """

    mains: int
    level_db: float
    harmonics: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Channels:
    """How the channels of a file relate.

    Args:
        identical: All carry the same samples (two or more).
        silent: Those that carry nothing while another does.
        correlation: Of the first two, None where one of them is silent; -1 is opposite phase.
    """

    identical: bool
    silent: tuple[int, ...]
    correlation: float | None


@dataclass(frozen=True, slots=True)
class Sound:
    """What the waveform shows.

    Args:
        not_finite: Samples that are NaN or infinite.
        first_not_finite: Seconds of the first of them.
        silent: Whether nothing is above -80 dBFS.
        levels: How loud.
        silence: Where nothing is heard.
        clipping: Flat tops.
        channels: How the channels relate.
        cutoff: Frequency in hertz above which there is nothing, far below what the rate can carry.
        hum: Mains hum, None where there is none.
        companding: `mu-law` or `A-law` where the samples take only the values of that code.
    """

    not_finite: int
    first_not_finite: float
    silent: bool
    levels: Levels
    silence: Silence
    clipping: Clipping
    channels: Channels
    cutoff: float | None
    hum: Hum | None
    companding: str | None


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """One file.

    Args:
        file: Its name, split, label and size.
        content_hash: SHA-256 of its bytes; empty where they could not be read.
        problem: Why it could not be decoded; None where it could.
        header: None where it could not be decoded.
        sound: None where it could not be decoded, or holds no sample.
        signal_hash: SHA-256 of rate and samples, equal for files of the same sound however stored (without
            loss); empty without samples.
    """

    file: MediaFile
    content_hash: str
    problem: str | None = None
    header: Header | None = None
    sound: Sound | None = None
    signal_hash: str = ""


@dataclass(frozen=True, eq=False)
class AudioAudit:
    """All files of a collection of sounds: the subject of the checks.

    Args:
        train: Files that train.
        test: Files that score.
        collection: Where they came from.
        task: What is learned.
    """

    train: tuple[AudioFacts, ...]
    test: tuple[AudioFacts, ...] = ()
    collection: MediaCollection | None = field(default=None, repr=False)
    task: str | None = "classification"

    @property
    def all(self) -> tuple[AudioFacts, ...]:
        """Train, then test."""
        return (*self.train, *self.test)

    @property
    def heard(self) -> tuple[AudioFacts, ...]:
        """Files that carry sound: decoded, not empty, not all silent."""
        return tuple(f for f in self.all if f.sound is not None and not f.sound.silent)
