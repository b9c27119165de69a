"""What a block author imports."""

from nodes.context import Context
from nodes.errors import BlockError, Cancelled, Paused
from nodes.params import Budget, Param, Params, Upload
from nodes.ports import ImageData, ImageFiles, ImageModel, Images, Port, Scores, VAEModel
from nodes.spec import block

__all__ = [
    "BlockError",
    "Budget",
    "Cancelled",
    "Context",
    "ImageData",
    "ImageFiles",
    "ImageModel",
    "Images",
    "Param",
    "Params",
    "Paused",
    "Port",
    "Scores",
    "Upload",
    "VAEModel",
    "block",
]
