"""The scores of every image of a test, in a file."""

from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook

from fcn_plugin.evaluation import ImageMetric
from fcn_plugin.evaluation.per_image import per_image_csv
from fcn_plugin.files import write_atomically
from fcn_plugin.registry import HOOKS


@HOOKS.register_module()
class PerImageScoresHook(Hook):
    """Writes ``WORK_DIR/per_image.csv`` after a test: a line per image, in the order of the test sets.

    It holds what the metrics averaged, `ImageMetric.records`, so the means of its columns are the results.
    Metrics of other kinds have no column.
    """

    def after_test_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        kept = [metric for metric in runner.test_loop.evaluator.metrics if isinstance(metric, ImageMetric)]
        if kept and is_main_process():
            write_atomically(Path(runner.work_dir, "per_image.csv"), per_image_csv(kept))
