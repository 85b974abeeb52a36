import math

import cv2
import pytest
import torch

from fcn_plugin.models import CharbonnierEdgeLoss, CharbonnierLoss, RMSELoss

TARGET = torch.rand(2, 3, 12, 10, generator=torch.Generator().manual_seed(0))


def test_rmse_is_per_image():
    prediction = TARGET.clone()
    prediction[0] += 0.3  # RMSE 0.3 and 0 on the two images
    assert RMSELoss(epsilon=0)(prediction, TARGET).item() == pytest.approx(0.15)


@pytest.mark.parametrize("criterion", [RMSELoss(), CharbonnierLoss(), CharbonnierEdgeLoss()])
def test_gradient_is_finite_at_zero(criterion):
    prediction = TARGET.clone().requires_grad_()
    criterion(prediction, TARGET).backward()
    assert prediction.grad.isfinite().all()


@pytest.mark.parametrize("criterion", [RMSELoss(), CharbonnierLoss(), CharbonnierEdgeLoss()])
def test_scale_depends_neither_on_size_nor_on_batch(criterion):
    small = criterion(torch.full((1, 3, 8, 8), 0.6), torch.full((1, 3, 8, 8), 0.5))
    large = criterion(torch.full((4, 3, 32, 16), 0.6), torch.full((4, 3, 32, 16), 0.5))
    torch.testing.assert_close(small, large)


def test_charbonnier_of_a_known_difference():
    loss = CharbonnierLoss(epsilon=0.4)(torch.full((1, 1, 2, 2), 0.3), torch.zeros(1, 1, 2, 2))
    assert loss.item() == pytest.approx(0.5)


def test_edges_are_a_laplacian_pyramids_first_level():
    """OpenCV's pyrDown and pyrUp use the binomial filter; with it, the edges must be OpenCV's."""
    criterion = CharbonnierEdgeLoss()
    taps = torch.tensor([1.0, 4, 6, 4, 1]) / 16
    criterion.kernel = torch.outer(taps, taps)
    image = TARGET[:1, :1]
    array = image[0, 0].numpy()
    wanted = array - cv2.pyrUp(cv2.pyrDown(array), dstsize=array.shape[::-1])
    torch.testing.assert_close(criterion.edges(image)[0, 0], torch.from_numpy(wanted), atol=1e-6, rtol=0)


def test_edge_term_punishes_lost_edges_more_than_a_shift_in_brightness():
    stripes = (torch.arange(16) % 2).float().expand(1, 3, 16, 16)
    plain, with_edges = CharbonnierLoss(), CharbonnierEdgeLoss(edge_weight=1.0)
    grey, brighter = torch.full_like(stripes, 0.5), stripes + 0.5
    assert plain(grey, stripes).item() == pytest.approx(plain(brighter, stripes).item(), rel=1e-5)
    assert with_edges(grey, stripes) > with_edges(brighter, stripes) + 0.1
    assert math.isfinite(with_edges(grey, stripes))
