"""The example of C2SP signed-note.md (CC BY 4.0), and one checkpoint tile path of tlog-tiles.md."""

VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

NOTE = (
    "This is an example message.\n"
    "\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlT"
    "gK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()

# tlog-tiles.md: tile index 1234067 and a log of 70,000 entries.
TILE_INDEX = 1_234_067
TILE_PATH = "x001/x234/067"
TILES_AT_70_000 = {0: (273, 112), 1: (1, 17), 2: (0, 1)}  # level: (full tiles, width of partial)
