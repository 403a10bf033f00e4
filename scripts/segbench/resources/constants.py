"""Every number of the prediction that was measured or chosen, in one place.

Measured on 2026-11-21 with TensorFlow 2.21, Keras 3, Python 3.11 on one core of an AMD EPYC
with AVX512-BF16, Linux. docs/reference/resources.md shows what the prediction says of 38
trainings beside what they used; `tables/resources.csv` says it of your own.
"""

from __future__ import annotations

# --- what is asked for beside what is expected -----------------------------------------------

#: Expected memory is multiplied by this: allocators keep more than they hand out.
MEMORY_MARGIN = 1.15

#: Under Slurm a job runs below two Snakemake processes of its own, and Slurm counts them
#: (276 MB measured in the batch step).
SNAKEMAKE_MB = 300

#: A job with a network asks for this many times the expected time: trainings that shared their
#: core with others took up to 2.6 times their CPU time (see the table).
TIME_MARGIN = 2.5

#: As `TIME_MARGIN`, of other stages: seconds per megapixel differ by ten times between formats
#: and recipes.
STAGE_TIME_MARGIN = 10

#: The least that is asked for, and the steps in which it is: a scheduler gains nothing from more
#: digits, and equal jobs should ask for equal amounts. Slurm kills what two Snakemakes need below
#: 300 MB.
MIN_MEMORY_MB = 1000
MEMORY_STEP_MB = 100
RUNTIME_STEP_MIN = 10

#: Nothing asks for more than two days, the usual limit of a partition with GPUs: a training goes on
#: where its time limit stopped it, so that retries finish what one attempt cannot.
MAX_RUNTIME_MIN = 2 * 24 * 60

# --- a process with Keras --------------------------------------------------------------------

#: Importing Keras and TensorFlow (617 MiB, n = 12), and tracing and compiling steps of the
#: smallest networks (130 MiB more; with validation and jitter 200).
KERAS_MB = 617
TRACING_MB = 200

#: What hundreds of layers of a backbone add to that, with MobileNetV3Small, the smallest.
BACKBONE_MB = 300

#: As `TRACING_MB`, of prediction, which traces the forward pass alone.
FORWARD_TRACING_MB = 60

#: The same on a GPU: CUDA, cuDNN and their kernels in the memory of the machine. Not measured:
#: what is commonly seen is 2 to 3 GB.
CUDA_HOST_MB = 3000

#: Copies of the weights in memory at the peak, in float32: those of the network, of its
#: building, gradients and their temporaries, those kept of the last and of the best epoch, and
#: of the network that is written. Measured with Adam, two slots, on 31 million weights: 4 at
#: building with the slots, 4 in the first step, 4 in keeping, all with slots.
WEIGHT_COPIES = 9
#: And for each slot of the optimizer: the slot, its update, the copy that is kept.
WEIGHT_COPIES_A_SLOT = 3

#: What a step takes of memory over what its backward pass must keep, both as float32. Measured
#: 0.73 to 0.75 in float32, 0.5 to 0.7 in bfloat16 (which keeps less), U-Nets of width 8 to 32 in
#: two and three dimensions; layers whose gradients are done give their memory back.
ACTIVATION_FACTOR = 0.85

#: Float32 numbers a pixel and map that loss and counts make on the way, and a pixel and channel
#: that jitter makes.
LOSS_NUMBERS = 6
JITTER_NUMBERS = 24

#: Prediction holds so many outputs of the largest layer at a time, and so many copies of the
#: weights.
FORWARD_LAYERS = 4
FORWARD_WEIGHT_COPIES = 5

#: Batches that wait, are made and are computed on.
BATCHES = 4

# --- speed of a CPU --------------------------------------------------------------------------

#: Seconds from the start of a training to its first step on one core, Keras's import included,
#: with bytecode (3 s; 7 s without), and of a prediction, which traces the forward pass alone.
TRAINING_START_S = 7
PREDICTION_START_S = 4
#: Tracing and compiling the hundreds of layers of a backbone adds this many seconds.
BACKBONE_TRAINING_START_S = 8
BACKBONE_PREDICTION_START_S = 2

#: Multiply-adds a second of a thread in convolutions. Fitted with `CPU_BYTES` on nine steps:
#: 110 to 150 thousand million in float32, more in bfloat16; CPUs without AVX-512 have about
#: half.
CPU_MULTIPLY_ADDS = 90e9

#: Bytes a second of a thread at which activations are moved, normalised and rectified: for each
#: byte (as float32) that the backward pass must keep. Fitted 1.1e9.
CPU_BYTES = 1.1e9

#: Seconds a weight of an optimizer's step (31 million weights: 0.14 s).
CPU_WEIGHT_S = 5e-9

#: What each further thread adds of the first one's speed.
THREAD_GAIN = 0.6

#: Seconds a step that no size explains: Python, the feed, small kernels.
CPU_STEP_S = 0.01

#: Bytes a second at which the state is written each epoch.
STATE_BYTES = 100e6

#: Numbers of probabilities a second that are blended, compressed and written.
WRITTEN_NUMBERS = 10e6

# --- a GPU -----------------------------------------------------------------------------------
# Not measured here: no GPU was to be had. Conservative for cards since about 2018 (T4, V100).

#: Multiply-adds a second in training, in float32 without tensor cores.
GPU_MULTIPLY_ADDS = 1.5e12

#: Bytes a second for each byte that the backward pass must keep.
GPU_BYTES = 30e9

#: Seconds a step: launches of kernels, the feed.
GPU_STEP_S = 0.03

#: What each further GPU adds of the first one's speed.
GPU_GAIN = 0.7

#: CUDA's context and cuDNN's kernels, and the workspace in which cuDNN searches, in MiB.
CUDA_DEVICE_MB = 1500

#: As `ACTIVATION_FACTOR`: the allocator of a GPU rounds up and fragments.
GPU_ACTIVATION_FACTOR = 1.3
