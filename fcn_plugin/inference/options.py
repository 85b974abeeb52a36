"""What inference may be asked for. Imports nothing, so that ``--help`` answers at once."""

MODES = ("local", "global")
"""How queries are pooled, the default first: see `fcn_plugin.inference.deblurrer.Deblurrer`."""

DTYPES = ("float32", "bfloat16", "float16")
"""What convolutions may compute in."""

CONTEXT = 64
"""Pixels around a tile that the network sees and that are not kept."""

FEATHER = 32
"""Pixels over which one tile's result turns into the next one's."""

SMALLEST_TILE = 2 * (2 * CONTEXT + FEATHER)
"""Side in pixels; in smaller tiles, most is thrown away."""

LARGEST_TILE_STEP = SMALLEST_TILE - 2 * CONTEXT - FEATHER
"""Pixels from one of the smallest tiles to the next."""
