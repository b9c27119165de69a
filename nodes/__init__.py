"""The blocks: one file each; the folder is the palette group. `nodes.api` is what a block author imports."""
