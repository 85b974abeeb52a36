"""Restoring many files: what is done is skipped, and what fails leaves the others alone."""

import os
from collections.abc import Callable
from functools import partial

import numpy as np

from fcn_plugin.errors import InputError
from fcn_plugin.files import check_writable, remove_abandoned
from fcn_plugin.inference.batch_progress import BatchProgress
from fcn_plugin.inference.comparison import compare_images, write_comparison
from fcn_plugin.inference.image_file import count_pixels, read_image, round_to
from fcn_plugin.inference.ledger import Ledger
from fcn_plugin.inference.tasks import Found, Task

SECONDS_MISSING = 1
"""At the end of a video, from which on they are told of: files state their length roughly."""


class Batch:
    """Restores files one after the other.

    Args:
        restore: Takes and returns float32 (height, width, 3), RGB in [0, 1].
        ledger: Of the output folder.
        overwrite: Whether files that are there already are made again.
        compare: Whether a picture of input and result goes beside each result, as ``NAME.compare.jpg``. Of a
            video it shows the frame in the middle. Those that are there already always follow their results.

    Attributes:
        restored: How many files have been restored.
        skipped: How many had been before.
        failed: How many could not be.
        not_compared: How many have been restored, but their comparisons could not be written.
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
        self.restored = self.skipped = self.failed = self.not_compared = 0

    def run(self, found: Found) -> None:
        """Does the tasks. Each that fails is told of in a sentence, on standard error.

        Where there is something to do, what earlier runs were writing to when they were killed is removed.
        """
        to_do = [task for task in found.tasks if self._overwrite or not _is_there(task)]
        there = [task for task in found.tasks if not self._overwrite and _is_there(task)]
        for folder in {task.target.parent for task in to_do}:
            remove_abandoned(folder)
        with BatchProgress([_pixels_of(task) for task in to_do]) as self._progress:
            for note in found.notes:
                self._progress.say(f"note: {note}")
            for error in found.errors:
                self._progress.say(f"error: {error}")
            self.failed += len(found.errors)
            for task in there:
                self._take_as_done(task)
            for task in to_do:
                self._progress.begin(task.source.name)
                self._progress.end(self._do(task))

    def _do(self, task: Task) -> str:
        """What became of the task."""
        if not self._overwrite and _is_there(task):  # another process has made it in the meantime
            self._ledger.read()
            return "there" if self._take_as_done(task) else "failed"
        restore = self._restore_video if task.is_video else self._restore_image
        if not self._attempt(task, restore):
            self.failed += 1
            return "failed"
        self.restored += 1
        self._keep_comparison(task, anew=True)
        return "restored"

    def _take_as_done(self, task: Task) -> bool:
        """Whether what is there is what would be made."""
        done = self._attempt(task, self._check_done)
        self.skipped += done
        self.failed += not done
        if done:
            self._keep_comparison(task, anew=False)
        return done

    def _check_done(self, task: Task) -> None:
        if self._ledger.is_current(task.target, task.source):
            return
        if self._ledger.is_changed(task.target):
            fault = "is no longer what was made here"
        else:
            fault = f"was not made of {task.source} as it is now, with these weights and options"
        raise InputError(
            f"{task.target} is there already, but {fault}; give --overwrite or another --output."
        )

    def _keep_comparison(self, task: Task, anew: bool) -> None:
        """Makes the comparison where one is asked for, or where there is one of an earlier result.

        ``anew`` is whether the result has just been made.
        """
        self.not_compared += not self._attempt(task, partial(self._compare_if_due, anew=anew))

    def _compare_if_due(self, task: Task, anew: bool) -> None:
        ours = self._ledger.is_comparison(task.comparison)
        if ours and not anew and self._ledger.is_current(task.comparison, task.source, comparison=True):
            return
        if ours or self._compare:
            self._compare_result(task, replaceable=ours or self._overwrite)

    def _compare_result(self, task: Task, replaceable: bool) -> None:
        if os.path.exists(task.comparison) and not replaceable:
            raise InputError(
                f"{task.comparison} is there already, but is no comparison that was made here; give "
                "--overwrite or another --output."
            )
        with self._ledger.recording(task.comparison, task.source, comparison=True) as when_whole:
            if not task.is_video:
                compare_images(task.comparison, task.source, task.target, when_whole)
                return
            from fcn_plugin.inference.video_file import VideoFile

            before, after = VideoFile(task.source), VideoFile(task.target)
            middle = before.frames // 2
            frames = [round_to(np.uint8, video.frame(middle)) for video in (before, after)]
            write_comparison(task.comparison, *frames, when_whole=when_whole)

    def _restore_image(self, task: Task) -> None:
        with self._ledger.recording(task.target, task.source) as when_whole:
            image = read_image(task.source)
            if image.left_out:
                self._progress.say(
                    f"note: {task.source} holds {1 + image.left_out} pictures; the first is restored, the "
                    "rest left out."
                )
            check_writable(task.target)
            image.write(task.target, self._restore(image.rgb), when_whole)

    def _restore_video(self, task: Task) -> None:
        from fcn_plugin.inference.video_file import VideoFile  # needs PyAV, which may be missing

        with self._ledger.recording(task.target, task.source) as when_whole:
            video = VideoFile(task.source)
            if task.target.suffix != task.source.suffix:
                self._progress.say(
                    f"note: {task.source} becomes {task.target}, for {task.source.suffix[1:]} would not keep "
                    "the times of its frames."
                )
            if video.left_out:
                kinds = ", ".join(sorted(video.left_out))
                self._progress.say(f"note: {task.source} also holds what is left out: {kinds}.")
            height, width = video.size
            missing = video.write(
                task.target, self._restore, lambda: self._progress.advance(height * width), when_whole
            )
            if missing is None:
                self._progress.say(
                    f"note: {task.source} does not state how long it is; if it was cut off, copy or download "
                    "it again."
                )
            elif missing > SECONDS_MISSING:
                self._progress.say(
                    f"note: {task.source} ends {missing:.0f} s before the end that it states; if it was cut "
                    "off, copy or download it again."
                )

    def _attempt(self, task: Task, do: Callable[[Task], None]) -> bool:
        """Whether it went well; if not, that is told."""
        try:
            do(task)
        except InputError as error:
            sentence = str(error)
        except MemoryError:
            sentence = (
                f"{task.source} takes more memory than there is; close other programs, or cut it into parts."
            )
        else:
            return True
        named = str(task.source) in sentence or str(task.target) in sentence
        self._progress.say(f"error: {sentence}" if named else f"error: {task.source}: {sentence}")
        return False


def _is_there(task: Task) -> bool:
    """Whether the result is, be it an earlier one; a file that cannot be read has none to go by."""
    return os.path.exists(task.target) and os.path.exists(task.source)


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
