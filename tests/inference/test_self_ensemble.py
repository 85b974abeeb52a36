import torch

from fcn_plugin.inference.self_ensemble import self_ensemble


def test_it_is_the_mean_over_eight_different_views():
    views = []

    def shear(batch):
        views.append(batch)
        return batch * torch.linspace(0, 1, batch.shape[-1])

    images = torch.rand(2, 3, 5, 7)
    restored = self_ensemble(shear)(images)
    assert len({view.sum().item() + view[0, 0, 0, 0].item() + 10 * view.shape[2] for view in views}) == 8
    # The ramp goes each way across and each way down: a mean of one half.
    torch.testing.assert_close(restored, images / 2)
