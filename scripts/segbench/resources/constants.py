"""All measured or chosen constants of the prediction.

Measured on 2026-11-21 with TensorFlow 2.21, Keras 3, Python 3.11 on one core of an AMD EPYC
with AVX512-BF16, Linux. docs/reference/resources.md compares predictions with what 38 trainings
used; `tables/resources.csv` does so for your own.
"""

from __future__ import annotations

# --- margins of requests over expectations ----------------------------------------------------

#: Requested over expected memory: allocators keep more than they hand out.
MEMORY_MARGIN = 1.15

#: Under Slurm a job has two Snakemake processes above it, which Slurm counts (276 MB measured in
#: the batch step).
SNAKEMAKE_MB = 300

#: A job with a network asks for this many times the expected time: trainings that shared their
#: core with others took up to 2.6 times their CPU time (see the table).
TIME_MARGIN = 2.5

#: As `TIME_MARGIN`, of other stages: seconds per megapixel differ by ten times between formats
#: and recipes.
STAGE_TIME_MARGIN = 10

#: Smallest request and rounding steps: similar jobs should ask for equal amounts. Below 300 MB
#: Slurm would kill the two Snakemakes.
MIN_MEMORY_MB = 1000
MEMORY_STEP_MB = 100
RUNTIME_STEP_MIN = 10

#: Largest request for time, two days, is the usual limit of GPU partitions: a training resumes
#: where its time limit stopped it, so retries finish what one attempt cannot.
MAX_RUNTIME_MIN = 2 * 24 * 60

# --- a process with Keras --------------------------------------------------------------------

#: Importing Keras and TensorFlow (617 MiB, n = 12), and tracing and compiling steps of the
#: smallest networks (130 MiB more; with validation and jitter 200).
KERAS_MB = 617
TRACING_MB = 200

#: Added by the hundreds of layers of a backbone, measured with MobileNetV3Small, the smallest.
BACKBONE_MB = 300

#: As `TRACING_MB`, of prediction, which traces the forward pass alone.
FORWARD_TRACING_MB = 60

#: The same on a GPU: CUDA, cuDNN and their kernels in host memory. Not measured; commonly 2 to
#: 3 GB.
CUDA_HOST_MB = 3000

#: Copies of the weights in memory at the peak, in float32: those of the network, of its
#: building, gradients and their temporaries, those kept of the last and of the best epoch, and
#: of the network that is written. Measured with Adam, two slots, on 31 million weights: 4 at
#: building with the slots, 4 in the first step, 4 in keeping, all with slots.
WEIGHT_COPIES = 9
#: The same per slot of the optimizer: the slot, its update, the copy that is kept.
WEIGHT_COPIES_PER_SLOT = 3

#: Memory of a step over what its backward pass must keep, both as float32. Measured
#: 0.73 to 0.75 in float32, 0.5 to 0.7 in bfloat16 (which keeps less), U-Nets of width 8 to 32 in
#: two and three dimensions; layers free their memory once their gradients are done.
ACTIVATION_FACTOR = 0.85

#: Temporary float32 numbers per pixel and map of loss and counts, and per pixel and channel of
#: jitter.
LOSS_NUMBERS = 6
JITTER_NUMBERS = 24

#: Outputs of the largest layer, and copies of the weights, that prediction holds at a time.
FORWARD_LAYERS = 4
FORWARD_WEIGHT_COPIES = 5

#: Batches that are waiting, being made or being computed.
BATCHES = 4

# --- speed of a CPU --------------------------------------------------------------------------

#: Seconds from the start of a training to its first step on one core, Keras's import included,
#: with bytecode (3 s; 7 s without), and of a prediction, which traces the forward pass alone.
TRAINING_START_S = 7
PREDICTION_START_S = 4
#: Tracing and compiling the hundreds of layers of a backbone adds this many seconds.
BACKBONE_TRAINING_START_S = 8
BACKBONE_PREDICTION_START_S = 2

#: Multiply-adds per second and thread in convolutions. Fitted with `CPU_BYTES` on nine steps:
#: 110e9 to 150e9 in float32, more in bfloat16; about half without AVX-512.
CPU_MULTIPLY_ADDS = 90e9

#: Bytes per second and thread at which activations are moved, normalised and rectified, counted
#: as float32 bytes that the backward pass must keep. Fitted.
CPU_BYTES = 1.1e9

#: Seconds per weight of an optimizer's step (31 million weights: 0.14 s).
CPU_WEIGHT_S = 5e-9

#: Speed that each further thread adds, relative to the first.
THREAD_GAIN = 0.6

#: Constant seconds per step: Python, the feed, small kernels.
CPU_STEP_S = 0.01

#: Bytes per second at which the state is written each epoch.
STATE_BYTES = 100e6

#: Probabilities per second that are blended, compressed and written.
WRITTEN_NUMBERS = 10e6

# --- a GPU -----------------------------------------------------------------------------------
# Not measured. Conservative for cards since about 2018 (T4, V100).

#: Multiply-adds per second in training, in float32 without tensor cores.
GPU_MULTIPLY_ADDS = 1.5e12

#: Bytes per second, counted as those that the backward pass must keep.
GPU_BYTES = 30e9

#: Constant seconds per step: kernel launches, the feed.
GPU_STEP_S = 0.03

#: Speed that each further GPU adds, relative to the first.
GPU_GAIN = 0.7

#: CUDA's context, cuDNN's kernels and its workspace, in MiB.
CUDA_DEVICE_MB = 1500

#: As `ACTIVATION_FACTOR`: the allocator of a GPU rounds up and fragments.
GPU_ACTIVATION_FACTOR = 1.3
