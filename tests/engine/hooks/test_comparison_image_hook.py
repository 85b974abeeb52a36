import numpy as np
import torch

from fcn_plugin.engine.hooks.comparison_image_hook import CAPTION_HEIGHT, GAP, comparison_picture


def test_three_images_stand_side_by_side_in_order():
    blurry, restored, sharp = (torch.full((3, 20, 120), level, dtype=torch.uint8) for level in (10, 20, 30))
    restored[0] = 200  # red in RGB
    picture = comparison_picture(blurry, restored, sharp)
    assert picture.shape == (20 + CAPTION_HEIGHT, 3 * 120 + 2 * GAP, 3)
    below = picture[CAPTION_HEIGHT:]
    assert (below[:, :120] == 10).all()
    assert (below[:, 120 + GAP : 240 + GAP] == [200, 20, 20]).all()
    assert (below[:, -120:] == 30).all()
    assert len(np.unique(picture[:CAPTION_HEIGHT])) > 2  # captions are drawn
