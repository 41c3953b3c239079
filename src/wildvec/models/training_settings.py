"""The settings of training that all models have, their contradictions, and the schedule that follows from them."""

from __future__ import annotations

import math
import os
from typing import Any

from wildvec.base.checks import checked, number, whole
from wildvec.models.settings import HasSettings, Setting, path_of_folder, switch, worker_count
from wildvec.training.schedule import Schedule


class TrainingSettings(HasSettings):
    """An object with the settings of training. epochs_trained: number of epochs in all trainings so far."""

    epochs_trained: int

    vector_size = Setting(100, whole(1, 100_000), "values per vector", fixed=True)
    alpha = Setting(
        0.025, number(0, 1e38), "learning rate at the start", metavar="X"
    )  # float32 holds up to 3e38
    min_alpha = Setting(1e-4, number(0, 1e38), "learning rate at the end", metavar="X")
    epochs = Setting(5, whole(1, 10**9), "passes over the text")
    seed = Setting(
        1, whole(), "the same seed gives the same vectors, with one worker or with --deterministic"
    )
    workers = Setting[int](None, worker_count, "number of threads (default: all CPUs)", changeable=True)
    deterministic = switch(False, "the same seed and number of workers give the same vectors; slower")
    held_out = Setting(
        0.0,
        number(0, 0.5),
        "fraction of the lines that only measure the loss",
        metavar="FRACTION",
    )
    patience = Setting[int | None](
        None,
        whole(1, none="all epochs"),
        "with --held-out: stop after N epochs without a lower held-out loss, and keep the best epoch",
    )
    max_seconds = Setting[float | None](
        None,
        number(1e-3, 1e9, none="no limit"),
        "stop after X seconds of training; the learning rate reaches its end then",
        metavar="X",
    )
    checkpoint = Setting[str | os.PathLike[str] | None](
        None,
        path_of_folder("checkpoints"),
        "write checkpoints to this folder, which is made if it does not exist",
        stored=False,
        from_text=str,
        metavar="DIR",
    )
    checkpoint_minutes = Setting[float | None](
        10,
        number(0, 1e7, none="no checkpoints by time"),
        "write a checkpoint every X minutes",
        changeable=True,
        metavar="X",
    )
    checkpoint_epochs = Setting[int | None](
        None,
        whole(1, none="no checkpoints by epochs"),
        "write a checkpoint every N epochs (default: not by epochs)",
        changeable=True,
    )
    keep_checkpoints = Setting(2, whole(1), "keep the newest N checkpoints", changeable=True)

    def _check_together(self) -> None:
        if self.patience is not None and not self.held_out:
            raise ValueError(
                f"patience={self.patience}: there is no held-out loss; set held_out too, for example to 0.01 "
                "(the training loss falls with the learning rate, so it is no measure)"
            )
        self._check_time(self.max_seconds)

    def _check_time(self, max_seconds: float | None) -> None:
        if self.deterministic and max_seconds is not None:
            raise ValueError(
                f"max_seconds={max_seconds:g} with deterministic=True: what is trained in a given time depends "
                "on the speed of the machine; give epochs instead"
            )

    def _schedule(
        self,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        max_seconds: float | None = None,
    ) -> Schedule:
        """Return the schedule of a training; the settings stand for arguments that are None."""

        def given(name: str, value: Any, setting: str) -> Any:
            return (
                getattr(self, setting)
                if value is None
                else checked(name, value, self.SETTINGS[setting].check)
            )

        seconds = given("max_seconds", max_seconds, "max_seconds")
        self._check_time(seconds)
        return Schedule(
            given("epochs", epochs, "epochs"),
            given("start_alpha", start_alpha, "alpha"),
            given("end_alpha", end_alpha, "min_alpha"),
            first_epoch=self.epochs_trained,
            max_seconds=math.inf if seconds is None else seconds,
            patience=self.patience,
        )
