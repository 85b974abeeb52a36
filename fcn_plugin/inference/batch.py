"""Restoring many files: what is done is skipped, and what fails leaves the others alone."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from fcn_plugin.errors import InputError
from fcn_plugin.inference.batch_progress import BatchProgress
from fcn_plugin.inference.comparison import compare_images, write_comparison
from fcn_plugin.inference.image_file import count_pixels, read_image
from fcn_plugin.inference.ledger import Ledger
from fcn_plugin.inference.tasks import Task


class Batch:
    """Restores files one after the other.

    Args:
        restore: Takes and returns float32 (height, width, 3), RGB in [0, 1].
        ledger: Of the output folder.
        overwrite: Whether files that are there already are made again.
        compare: Whether a picture of input and result goes beside each result, as ``NAME.compare.jpg``. Of a
            video it shows the frame in the middle.

    Attributes:
        restored: How many files have been restored.
        skipped: How many had been before.
        failed: How many could not be.
    """

    def __init__(
        self,
        restore: Callable[[np.ndarray], np.ndarray],
        ledger: Ledger,
        overwrite: bool = False,
        compare: bool = False,
    ) -> None:
        self._restore, self._ledger = restore, ledger
        self._overwrite, self._compare = overwrite, compare
        self.restored = self.skipped = self.failed = 0

    def run(self, tasks: Iterable[Task], errors: Iterable[InputError] = ()) -> None:
        """Does the tasks. Each that fails is told of in a sentence, on standard error.

        Args:
            tasks: What to do.
            errors: Of files that did not even become tasks.
        """
        errors, to_do, done = list(errors), [], []
        for task in tasks:
            if self._overwrite or not task.target.exists() or not task.source.exists():
                to_do.append(task)
            elif self._ledger.is_current(task):
                done.append(task)
            else:
                errors.append(_in_the_way(task))
        self.failed, self.skipped = len(errors), len(done)
        with BatchProgress([_pixels_of(task) for task in to_do]) as progress:
            for error in errors:
                progress.say(f"error: {error}")
            for task in done:
                if self._compare and not _comparison_path(task).exists():
                    self._attempt(task, _write_comparison, progress)
            for task in to_do:
                progress.begin(task.source.name)
                whole = self._attempt(task, self._restore_file, progress)
                self.restored += whole
                progress.end("restored" if whole else "failed")

    def _attempt(
        self, task: Task, do: Callable[[Task, BatchProgress], None], progress: BatchProgress
    ) -> bool:
        """Whether it went well; if not, that is counted and told."""
        try:
            do(task, progress)
        except InputError as error:
            self.failed += 1
            place = (
                "" if str(task.source) in str(error) or str(task.target) in str(error) else f"{task.source}: "
            )
            progress.say(f"error: {place}{error}")
            return False
        return True

    def _restore_file(self, task: Task, progress: BatchProgress) -> None:
        if task.is_video:
            from fcn_plugin.inference.video_file import VideoFile  # needs PyAV, which may be missing

            video = VideoFile(task.source)
            if video.left_out:
                kinds = " and ".join(sorted(set(video.left_out)))
                progress.say(f"note: {task.source} also has tracks of the kind {kinds}, which are left out.")
            height, width = video.size
            video.write(task.target, self._restore, lambda: progress.advance(height * width))
        else:
            image = read_image(task.source)
            image.write(task.target, self._restore(image.rgb))
        self._ledger.add(task)
        if self._compare:
            _write_comparison(task, progress)


def _in_the_way(task: Task) -> InputError:
    return InputError(
        f"{task.target} is there already, but was not made of {task.source} as it is now, with these weights "
        "and options; give --overwrite or another --output."
    )


def _comparison_path(task: Task) -> Path:
    return task.target.with_name(f"{task.target.name}.compare.jpg")


def _write_comparison(task: Task, progress: BatchProgress) -> None:
    if not task.is_video:
        compare_images(_comparison_path(task), task.source, task.target)
        return
    from fcn_plugin.inference.video_file import VideoFile

    videos = [VideoFile(task.source), VideoFile(task.target)]
    write_comparison(_comparison_path(task), *(video.frame(videos[0].frames // 2) for video in videos))


def _pixels_of(task: Task) -> int:
    """Of all frames together; 0 where that is not known, be it that the file cannot be read."""
    if not task.is_video:
        return count_pixels(task.source)
    try:
        from fcn_plugin.inference.video_file import VideoFile

        video = VideoFile(task.source)
    except InputError:
        return 0
    return video.frames * video.size[0] * video.size[1]
