"""What the command imports before all else: from here on Ctrl-C ends `explorer study` with its sentence."""

import sys

from explorer import endings

# A worker process imports the command, too.
if sys.argv[1:2] == ["study"] and "multiprocessing.spawn" not in sys.modules:
    endings.listen()
