"""The chips on the emulated serial lines, one file per chip: real frames in, real frames out."""
