"""Printing an IR function as readable `jax.numpy` source."""

from partialc.emit.printer.bodies import Body as Body
from partialc.emit.printer.bodies import print_body as print_body
from partialc.emit.printer.formatting import format_source as format_source
from partialc.emit.printer.functions import Printed as Printed
from partialc.emit.printer.functions import print_function as print_function
from partialc.emit.printer.module import IMPORTS as IMPORTS
from partialc.emit.printer.module import ModuleParts as ModuleParts
from partialc.emit.printer.module import ModuleScope as ModuleScope
from partialc.emit.printer.module import constant_source as constant_source
from partialc.emit.printer.module import is_large as is_large
from partialc.emit.printer.standalone import decompile as decompile
from partialc.emit.printer.standalone import import_block as import_block
from partialc.emit.printer.standalone import module_source as module_source
