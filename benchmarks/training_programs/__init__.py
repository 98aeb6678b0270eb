"""Small PyTorch programs on real data, healthy ones and ones with a seeded bug, for `training_bugs.py`.

Each function takes `(seed, bug="")` and returns the parts of a training loop as `mldiag.diagnose_training`
takes them. The texts, digits, patients, flowers and wines are scikit-learn's own.
"""

from training_programs.generative import (
    adversarial,
    autoencoder,
    contrastive,
    diffusion,
    two_towers,
    variational,
)
from training_programs.rarer import (
    graph,
    mixed_rows,
    recommender,
    segments,
    several_tasks,
    teacher,
    values,
)
from training_programs.sequences import (
    masked_pixels,
    recurrent,
    time_first,
    translation,
    writer,
)
from training_programs.supervised import (
    convolutions,
    flowers,
    frozen,
    perceptron,
    regression,
    weighted_binary,
)

PROGRAMS = {
    program.__name__: program
    for program in (
        perceptron,
        convolutions,
        frozen,
        regression,
        weighted_binary,
        flowers,
        recurrent,
        time_first,
        writer,
        masked_pixels,
        translation,
        autoencoder,
        variational,
        adversarial,
        contrastive,
        diffusion,
        two_towers,
        teacher,
        graph,
        values,
        segments,
        mixed_rows,
        recommender,
        several_tasks,
    )
}
