from .errors import KitError as KitError
from .experiments.locks import enlarge as enlarge
from .experiments.matrix import TwoByTwo as TwoByTwo
from .experiments.matrix import two_by_two as two_by_two
from .experiments.monitors import run_monitors as run_monitors
from .experiments.own_change import judge as judge
from .experiments.rehearsal import Plan as Plan
from .experiments.rehearsal import Rehearsal as Rehearsal
from .experiments.rehearsal import rehearse as rehearse
from .timeline import Deployed as Deployed
from .timeline import MigrationApplied as MigrationApplied
from .timeline import PageView as PageView
from .timeline import Timeline as Timeline
from .widgets.check_panel import exercise as exercise
from .widgets.notebook_world import open_world as open_world
from .widgets.prediction_panel import predict as predict
from .world.world import World as World

__all__: list[str]  # noqa: PYI035 - __init__.py makes it of the imports above
