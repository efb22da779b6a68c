"""What partialc knows about each primitive: importing this package fills the table."""

from partialc.ops import (
    calls as calls,
)
from partialc.ops import (
    choosing as choosing,
)
from partialc.ops import (
    control as control,
)
from partialc.ops import (
    convert as convert,
)
from partialc.ops import (
    convolution as convolution,
)
from partialc.ops import (
    cumulative as cumulative,
)
from partialc.ops import (
    dot_general as dot_general,
)
from partialc.ops import (
    elementwise as elementwise,
)
from partialc.ops import (
    fft as fft,
)
from partialc.ops import (
    gather as gather,
)
from partialc.ops import (
    joining as joining,
)
from partialc.ops import (
    linalg as linalg,
)
from partialc.ops import (
    markers as markers,
)
from partialc.ops import (
    powers as powers,
)
from partialc.ops import (
    random as random,
)
from partialc.ops import (
    reductions as reductions,
)
from partialc.ops import (
    scatter as scatter,
)
from partialc.ops import (
    shapes as shapes,
)
from partialc.ops import (
    slicing as slicing,
)
from partialc.ops import (
    solvers as solvers,
)
from partialc.ops import (
    sorting as sorting,
)
from partialc.ops import (
    windows as windows,
)
