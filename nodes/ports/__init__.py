"""The kinds of values that wires carry."""

from nodes.ports.base import Port
from nodes.ports.images import ImageData, ImageFiles, Images
from nodes.ports.models import ImageModel, VAEModel
from nodes.ports.scores import Scores

__all__ = ["ImageData", "ImageFiles", "ImageModel", "Images", "Port", "Scores", "VAEModel"]
