"""The loop of Lightning 2 around a module, as far as it concerns the rates; for scripts that are executed."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import torch


class LightningModule(torch.nn.Module):
    automatic_optimization = True
    trainer: Any

    def save_hyperparameters(self, *_: Any) -> None:
        frame = inspect.currentframe()
        assert frame is not None
        assert frame.f_back is not None
        names = {k: v for k, v in frame.f_back.f_locals.items() if k != "self" and not k.startswith("__")}
        self.hparams = SimpleNamespace(**names)

    @property
    def current_epoch(self) -> int:
        return int(self.trainer.current_epoch)

    @property
    def global_step(self) -> int:
        return int(self.trainer.global_step)

    def optimizers(self) -> Any:
        return self.trainer.optimizers[0] if len(self.trainer.optimizers) == 1 else self.trainer.optimizers

    def lr_schedulers(self) -> Any:
        found = [config["scheduler"] for config in self.trainer.configs]
        return found[0] if len(found) == 1 else found

    def manual_backward(self, loss: Any) -> None: ...

    def log(self, *_: Any, **__: Any) -> None: ...

    def optimizer_step(self, epoch: int, batch_idx: int, optimizer: Any, optimizer_closure: Any = None) -> None:
        optimizer.step()

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        scheduler.step() if metric is None else scheduler.step(metric)

    def on_train_epoch_start(self) -> None: ...

    def on_train_epoch_end(self) -> None: ...

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None: ...

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None: ...


class Trainer:
    def __init__(self, max_epochs: int, accumulate_grad_batches: int = 1) -> None:
        self.max_epochs, self.accumulate = max_epochs, accumulate_grad_batches
        self.current_epoch = self.global_step = 0
        self.is_last_batch = False

    def fit(self, module: Any, loader: Any) -> None:
        module.trainer = self
        found = module.configure_optimizers()
        if isinstance(found, dict):
            found = [found["optimizer"]], [found["lr_scheduler"]]
        self.optimizers, configs = found
        plain = {"interval": "epoch", "frequency": 1}
        self.configs = [{**plain, **(c if isinstance(c, dict) else {"scheduler": c})} for c in configs]
        if not module.automatic_optimization:
            for optimizer in self.optimizers:
                optimizer.register_step_post_hook(self._count)
        for epoch in range(self.max_epochs):
            self.current_epoch = epoch
            module.on_train_epoch_start()
            for batch_idx, batch in enumerate(loader):
                self.is_last_batch = batch_idx + 1 == len(loader)
                module.on_train_batch_start(batch, batch_idx)
                module.training_step(batch, batch_idx)
                updates = (batch_idx + 1) % self.accumulate == 0 or self.is_last_batch
                if module.automatic_optimization and updates:
                    module.optimizer_step(self.current_epoch, batch_idx, self.optimizers[0], lambda: None)
                    self.global_step += 1
                    self._step(module, "step", batch_idx)
                if module.automatic_optimization and self.is_last_batch:
                    self._step(module, "epoch", self.current_epoch)
                module.on_train_batch_end(None, batch, batch_idx)
            module.on_train_epoch_end()

    def _count(self, *_: Any) -> None:
        self.global_step += 1

    def _step(self, module: Any, interval: str, index: int) -> None:
        for config in self.configs:
            if config["interval"] == interval and (index + 1) % config["frequency"] == 0:
                module.lr_scheduler_step(config["scheduler"], None)
