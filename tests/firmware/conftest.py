"""On a device the tree in firmware/ is the top of the import path; here, too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "firmware"))
