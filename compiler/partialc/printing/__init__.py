"""Printing an IR function as readable `jax.numpy` source."""

from partialc.printing.authored import UNNAMED as UNNAMED
from partialc.printing.authored import Authored as Authored
from partialc.printing.bodies import Body as Body
from partialc.printing.bodies import print_body as print_body
from partialc.printing.formatting import format_source as format_source
from partialc.printing.functions import Printed as Printed
from partialc.printing.functions import print_function as print_function
from partialc.printing.module import IMPORTS as IMPORTS
from partialc.printing.module import ModuleParts as ModuleParts
from partialc.printing.module import ModuleScope as ModuleScope
from partialc.printing.module import constant_source as constant_source
from partialc.printing.module import is_large as is_large
from partialc.printing.standalone import decompile as decompile
from partialc.printing.standalone import import_block as import_block
from partialc.printing.standalone import module_source as module_source
