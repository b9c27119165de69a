"""The variational autoencoder of pictures, with a prior fitted afterwards: the network and its folder.

The training of it stands in `generative.vae_training`. A saved model is a diffusers folder: config.json and
safetensors, with the prior among the tensors.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional

from generative.mixture import Mixture, fit_mixture

_NARROWEST = 4  # convolutions halve the picture until its side is this, or odd
# Added to the variances of the codes (they are about 1): a prior that fits them too closely copies its data.
# Measured on digits, this halves the near copies, and FID and recall do not suffer.
_PRIOR_WIDENING = 0.05


class ImageVAE(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Pictures to a few numbers and back (Kingma and Welling 2014, https://arxiv.org/abs/1312.6114).

    New pictures are drawn from a Gaussian mixture fitted, class by class, to where the training pictures lie
    (an ex-post prior: Ghosh et al. 2020, https://arxiv.org/abs/1903.12436), because the codes of a well
    trained autoencoder do not follow the standard normal.

    Args:
        image_size: side of the pictures in pixels.
        channels: 1 (grey) or 3 (colour).
        classes: names of the labels; empty where the data has none.
        hidden: width of the dense layers, or channels of the widest convolution.
        latent_size: numbers that describe one picture.
        network: "mlp" for small pictures, "convolutional" for larger ones (a side divisible by 4).
        components: the most Gaussians of the prior for each class.
    """

    @register_to_config
    def __init__(
        self,
        image_size: int = 16,
        channels: int = 1,
        classes: Sequence[str] = (),
        hidden: int = 256,
        latent_size: int = 16,
        network: str = "mlp",
        components: int = 4,
    ) -> None:
        super().__init__()
        pixels = channels * image_size * image_size
        if network == "mlp":
            self.encoder: nn.Module = _dense(pixels, hidden, 2 * latent_size)
            self.decoder: nn.Module = _dense(latent_size, hidden, pixels)
        elif network == "convolutional":
            self.encoder, self.decoder = _convolutions(image_size, channels, hidden, latent_size)
        else:
            raise ValueError(f'The network is {network!r}; it must be "mlp" or "convolutional".')
        kinds = max(1, len(classes))
        self._classes, self.latent_size, self.components = list(classes), latent_size, components
        self.shape = (channels, image_size, image_size)
        weights = torch.zeros(kinds, components)
        weights[:, 0] = 1
        self.register_buffer("prior_weights", weights)
        self.register_buffer("prior_means", torch.zeros(kinds, components, latent_size))
        factors = torch.eye(latent_size).repeat(kinds, components, 1, 1)
        self.register_buffer("prior_factors", factors)
        self.register_buffer("prior_shares", torch.full((kinds,), 1 / kinds))

    @property
    def classes(self) -> list[str]:
        """The names of the labels, or an empty list."""
        return list(self._classes)

    @property
    def shares(self) -> np.ndarray:
        """How common each class was in the training data; they sum to 1."""
        return self.get_buffer("prior_shares").double().cpu().numpy()

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance [n, latent_size] of the codes of pictures [n, c, h, w] from 0 to 1."""
        mean, log_variance = self.encoder(pictures).chunk(2, dim=1)
        return mean, log_variance.clamp(-20, 10)

    def decode(self, codes: Tensor) -> Tensor:
        """Logits [n, c, h, w] of the pixels; their sigmoid is the picture from 0 to 1."""
        return self.decoder(codes).reshape(-1, *self.shape)

    def forward(self, pictures: Tensor) -> Tensor:
        """The reconstruction [n, c, h, w] from 0 to 1, without noise."""
        return self.decode(self.encode(pictures)[0]).sigmoid()

    def draw_block(self, labels: Tensor, generator: torch.Generator, temperature: float) -> Tensor:
        """New pictures [n, c, h, w] from 0 to 1, one for each label. Noise comes from a CPU generator."""
        n, size = len(labels), self.latent_size
        noise = torch.randn(n, size, generator=generator)
        luck = torch.rand(n, 1, generator=generator)
        # In double precision, so that the device changes the last bits of a picture at most.
        upto = self.get_buffer("prior_weights").double().cpu()[labels].cumsum(1)
        picked = (luck > upto).sum(1).clamp(max=upto.shape[1] - 1)
        factors = self.get_buffer("prior_factors").cpu()[labels, picked]
        means = self.get_buffer("prior_means").cpu()[labels, picked]
        codes = means + temperature * torch.einsum("nij,nj->ni", factors, noise)
        return self.decode(codes.to(self.device)).sigmoid()

    def set_prior(self, prior: Mixture) -> None:
        """Take over a fitted mixture of this model's classes and latent size."""
        for name in ("weights", "means", "factors", "shares"):
            buffer = self.get_buffer(f"prior_{name}")
            buffer.copy_(torch.from_numpy(getattr(prior, name)).to(buffer.dtype))

    @torch.no_grad()
    def fit_prior(self, pictures: Tensor, labels: Tensor | None, seed: int) -> None:
        """Fit the prior to the codes of pictures, uint8 [n, c, h, w]."""
        codes = self.codes(pictures)
        values = None if labels is None else labels.cpu().numpy()
        kinds = len(self.get_buffer("prior_shares"))
        self.set_prior(fit_mixture(codes, values, kinds, self.components, seed, _PRIOR_WIDENING))

    @torch.no_grad()
    def codes(self, pictures: Tensor) -> np.ndarray:
        """Posterior means, float64 [n, latent_size], of pictures uint8 [n, c, h, w]."""
        parts = [self.encode(to_unit(part))[0] for part in pictures.split(1024)]
        return torch.cat(parts).double().cpu().numpy()


def to_unit(pictures: Tensor) -> Tensor:
    """uint8 0…255 to float 0…1."""
    return pictures.float() / 255


def vae_loss(model: ImageVAE, pictures: Tensor, beta: float, generator: torch.Generator) -> dict[str, Tensor]:
    """The negative evidence bound with a weighted divergence (Higgins et al. 2017), a mean over pictures.

    "reconstruction" is the cross entropy and "kl" the divergence, both summed over a picture, in nats.
    """
    mean, log_variance = model.encode(pictures)
    noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
    codes = torch.addcmul(mean, torch.exp(0.5 * log_variance), noise)
    n = len(pictures)
    logits = model.decode(codes)
    reconstruction = (
        functional.binary_cross_entropy_with_logits(logits.float(), pictures, reduction="sum") / n
    )
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).float().sum() / n
    return {"loss": reconstruction + beta * divergence, "reconstruction": reconstruction, "kl": divergence}


def _dense(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(inputs, hidden),
        nn.SiLU(),
        nn.Linear(hidden, hidden),
        nn.SiLU(),
        nn.Linear(hidden, outputs),
    )


def _convolutions(size: int, channels: int, hidden: int, latent: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Halve with stride 2 down to about 4 × 4, then a dense layer; the decoder is the mirror image."""
    halvings, side = 0, size
    while side % 2 == 0 and side > _NARROWEST:
        halvings, side = halvings + 1, side // 2
    if halvings == 0 or side > 8:
        raise ValueError(
            f"A convolutional network cannot halve pictures of {size} × {size} pixels down to 8 or "
            'less. Choose a size such as 16, 28, 32, 48 or 64, or the network "mlp".'
        )
    widths = [max(16, hidden >> (halvings - 1 - index)) for index in range(halvings)]
    down: list[nn.Module] = []
    for before, after in zip([channels, *widths[:-1]], widths, strict=True):
        down += [nn.Conv2d(before, after, 4, 2, 1), nn.GroupNorm(min(8, after // 4), after), nn.SiLU()]
    flat = widths[-1] * side * side
    encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(flat, 2 * latent))
    up: list[nn.Module] = [nn.Linear(latent, flat), nn.SiLU(), nn.Unflatten(1, (widths[-1], side, side))]
    for before, after in zip(widths[::-1], widths[-2::-1], strict=False):
        up += [nn.ConvTranspose2d(before, after, 4, 2, 1), nn.GroupNorm(min(8, after // 4), after), nn.SiLU()]
    up.append(nn.ConvTranspose2d(widths[0], channels, 4, 2, 1))
    return encoder, nn.Sequential(*up)
