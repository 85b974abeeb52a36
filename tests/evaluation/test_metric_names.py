from fcn_plugin.evaluation.metric_names import baselines, digits_of, psnr_of, restored_names

METRICS = {"pairs/PSNR-blurry": 1.0, "pairs/SSIM-matlab": 0.9, "pairs/PSNR": 2.0}


def test_names_are_of_restored_images_or_of_blurry_ones():
    assert restored_names(METRICS) == ["pairs/SSIM-matlab", "pairs/PSNR"]
    assert baselines(METRICS) == {"pairs/PSNR": 1.0}


def test_the_restored_images_psnr_is_meant():
    assert psnr_of(METRICS) == "pairs/PSNR"


def test_decibels_have_two_decimals():
    assert [digits_of(name) for name in ("GoPro/PSNR", "PSNR", "SSIM-matlab", "LPIPS")] == [2, 2, 4, 4]
