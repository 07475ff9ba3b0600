"""
On a device the tree in firmware/ is the top of the import path; here, too. The chips'
emulators are imported as `chips`, without the rest of the plant: MicroPython runs these tests as well.
"""

import sys
from pathlib import Path

TOP = Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "firmware"))
sys.path.append(str(TOP / "hil" / "plant"))
