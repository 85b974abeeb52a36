"""What `tools/benchmark.py` lets one choose from. Imports nothing, so that ``--help`` answers at once."""

MODES = ("inference", "training")
PRECISIONS = ("float32", "tf32", "amp-bfloat16", "amp-float16", "bfloat16", "float16")
"""``amp-…`` is autocast over float32 weights; ``bfloat16`` and ``float16`` have weights of that dtype."""
LAYOUTS = ("contiguous", "channels_last")
COMPILE = ("eager", "default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")
"""Not compiled, and the modes of ``torch.compile``."""
