"""Experiments from YAML: find the file, compose it with Hydra, build the objects.

Beside the command the only module that knows Hydra, and only inside functions, so that the library stays free of
it. What a shared file may not hold is refused by `forecast.support.untrusted` before Hydra sees it.
"""

from __future__ import annotations

import dataclasses
import inspect
import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from forecast.support import registry
from forecast.support.atomic_files import unfinished
from forecast.support.ends import pools_that_end
from forecast.support.registry import folder, names, suggest
from forecast.support.terminal import quoted
from forecast.support.untrusted import (
    TRUSTED,
    RefusedError,
    check,
    check_override,
    check_text,
    faulty,
    read_settings,
    trusted,
)

if TYPE_CHECKING:
    from forecast.experiment.experiment import Experiment

VERSION_BASE = "1.3"
MOST_JOBS = 1_000  # of one sweep
GROUPS = ("detectors", "models")
ROLES = {"series": "read", "detectors": "detect", "models": "paths"}  # group -> what its members can do
PLACES: ContextVar[tuple[Path, ...]] = ContextVar("PLACES", default=())
# -- what there is --------------------------------------------------------------------------------------------------
def folders(config_dir: str | None = None) -> list[Path]:
    """Where experiments are looked for: `config_dir`, `experiments` of the current folder, those that ship.

    Raises ValueError when `config_dir` is no folder.
    """
    if config_dir is not None and not Path(config_dir).is_dir():
        raise ValueError(f"config folder {quoted(config_dir)} is no folder: name one that holds YAML files")
    wanted = [*([Path(config_dir)] if config_dir else []), Path("experiments"), folder("experiments")]
    return list(dict.fromkeys(path.resolve() for path in wanted if path.is_dir()))


def experiments(config_dir: str | None = None) -> dict[str, Path]:
    """Name of an experiment -> its file; the folder that is looked at first wins."""
    found: dict[str, Path] = {}
    for path in (p for place in folders(config_dir) for p in sorted(place.glob("*.yaml"))):
        found.setdefault(path.stem, path)
    return found


# -- load -----------------------------------------------------------------------------------------------------------
def load(name: str = "khasan_rajin", *overrides: str, config_dir: str | None = None,
         trust: Sequence[str] = ()) -> Experiment:
    """The experiment called `name` with `overrides` such as "horizon=6" or "models=[ets,mean]".

    Its file is looked for in `config_dir`, in `experiments` of the current folder and among those that ship.
    `trust` names packages of your own whose classes it may name.
    Raises ValueError when it is unknown, holds more than settings, or a setting is wrong.

    >>> load("seatbelts", "horizon=3").horizon
    3
    """
    with trusted(trust):
        return build(compose(name, *overrides, config_dir=config_dir))


def compose(name: str = "khasan_rajin", *overrides: str, config_dir: str | None = None) -> dict[str, Any]:
    """The settings of an experiment as plain data, checked but not built; raises as `load` does."""
    with _hydra(name, overrides, config_dir):
        from hydra import compose as composed

        return _plain(composed(name, _forced(overrides)), name)


def sweep(name: str, overrides: Sequence[str], job: Callable[[dict[str, Any], Path], str], output: Path,
          config_dir: str | None = None) -> list[str]:
    """Run `job(settings, folder)` for every combination of `overrides` such as "models=ets,mean"; its answers in order.

    Hydra's sweeper and launcher do it; each job has a folder below `output`, named after what is swept. Every
    combination is composed before the first job starts.
    """
    from hydra.core.hydra_config import HydraConfig

    packages = TRUSTED.get()

    def task(cfg: Any) -> str:
        told = HydraConfig.get()
        with trusted(packages):  # a launcher may run this in another process
            return job(_plain(cfg, name), output / _job_name(told.overrides.task, swept, told.job.num))

    quiet = ["hydra/job_logging=none", "hydra/hydra_logging=none", "hydra.output_subdir=null", "hydra.sweep.subdir=."]
    new = [path for path in output.parents if not path.exists()]
    try:
        # Hydra's own files go into a folder of ours, for it would follow a link; each job keeps its config.yaml
        with unfinished(output) as (scratch, _), pools_that_end(), _hydra(name, overrides, config_dir) as hydra:
            from hydra.core.override_parser.overrides_parser import OverridesParser

            parsed = OverridesParser.create().parse_overrides(list(overrides))
            swept = {each.get_key_element() for each in parsed if each.is_sweep_override()}
            _check_number([each for each in parsed if each.is_sweep_override()])
            place = f"hydra.sweep.dir={_quoted(str(scratch.resolve()))}"
            batches = hydra.multirun(name, task, [*_forced(overrides), *quiet, place], with_log_configuration=False)
    finally:
        with suppress(OSError):  # folders that were made for jobs of which none wrote anything
            for path in new:
                path.rmdir()
    return [str(done.return_value) for batch in batches for done in batch]


def _check_number(swept: Sequence[Any]) -> None:
    """Raise ValueError for more jobs than anybody waits for; Hydra would lay out every one of them first."""
    jobs = 1.0
    for each in swept:
        values = each.value()
        if each.is_range_sweep():  # of which nothing is laid out here
            jobs *= max(0.0, (values.stop - values.start) / values.step)
        elif each.is_choice_sweep():
            jobs *= len(list(each.sweep_iterator()))
        if jobs > MOST_JOBS:
            raise ValueError(f"override {quoted(each.input_line)}: the sweep has more than {MOST_JOBS:,} jobs: sweep "
                             "over fewer values")


def _job_name(overrides: Sequence[str], swept: set[str], number: int) -> str:
    """What is swept, as the name of a folder; with the number of the job where characters had to go.

    >>> _job_name(["models=ets", "++series.x.freq=MS", "horizon=3"], {"models", "series.x.freq"}, 0)
    'models=ets,series.x.freq=MS'
    """
    own = [text.lstrip("+") for text in overrides if text.lstrip("+").partition("=")[0] in swept]
    wanted = ",".join(own) or "job"
    fair = re.sub(r"[^\w.,=-]+", "_", wanted)[:100]
    return fair if fair == wanted else f"{fair.strip('_')}_{number}"


def _forced(overrides: Sequence[str]) -> list[str]:
    """Overrides that may also name what a file leaves at its default: `build` knows every setting, Hydra does not.

    >>> _forced(["models=[ets]", "horizon=3", "models.ets.season=12", "~models.ets"])
    ['models=[ets]', 'horizon=3', '++models.ets.season=12', '~models.ets']
    """
    for text in overrides:
        if text.endswith("={}"):
            key = text[:-3]
            instead = f"{key}=[]" if key in ("models", "detectors") else f"~{key}"
            raise ValueError(f"{text} would change nothing, for settings merge: write {instead} for none")
    return [f"++{text}" if re.match(r"[A-Za-z_]\w*\.[\w.]+=", text) and not text.startswith("hydra.") else text
            for text in overrides]


def _quoted(text: str) -> str:
    """A value that Hydra's grammar takes as it stands."""
    escaped = re.sub(r"(\\+)(?='|$)", r"\1\1", text).replace("'", r"\'").replace("${", r"\${")
    return f"'{escaped}'"


@contextmanager
def _hydra(name: str, overrides: Sequence[str], config_dir: str | None) -> Iterator[Any]:
    """Hydra over `conf/` and the folders of experiments, apart from any Hydra that the caller runs.

    Its errors come out as ValueError in our words.
    """
    known = experiments(config_dir)
    if name not in known:
        raise ValueError(f"experiment {quoted(name)} is unknown: {suggest(name, list(known))}")
    for text in overrides:
        check_override(text)
    places = folders(config_dir)
    _shadowed(places)
    import hydra
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.plugins import Plugins
    from hydra.version import VersionBase
    from omegaconf.errors import OmegaConfBaseException

    for plugin in _plugins():
        Plugins.instance().register(plugin)
    shared, version = GlobalHydra.instance(), VersionBase.instance()
    theirs = shared.hydra, version.getbase()
    shared.hydra, searched = None, PLACES.set(tuple(places))
    try:
        with warnings.catch_warnings():
            # a file without _self_ comes after its defaults, as one expects: not worth a warning
            warnings.filterwarnings("ignore", message=".*missing `_self_`")
            hydra.initialize_config_dir(config_dir=str(folder("conf")), job_name="forecast", version_base=VERSION_BASE)
            yield shared.hydra
    except (hydra.errors.HydraException, OmegaConfBaseException) as error:
        raise ValueError(_in_our_words(error, name, overrides, config_dir)) from error
    finally:
        PLACES.reset(searched)
        shared.hydra, version.version_base = theirs


def _shadowed(places: Sequence[Path]) -> None:
    """Raise ValueError for a user's file that has the name of one of ours: it would be passed over."""
    taken = [(group, name) for group in GROUPS for name in names(group)] + [("", "base")]
    for place in places:
        for group, name in taken:
            if (place / group / f"{name}.yaml").is_file():
                raise ValueError(f"{place / group / name}.yaml: the name {quoted(name)} is taken by forecast: "
                                 "choose another")


@cache
def _plugins() -> tuple[Any, ...]:
    """What Hydra is taught: `checked://`, a folder whose files pass `check_text`; and to look in such folders."""
    from hydra._internal.core_plugins.file_config_source import FileConfigSource
    from hydra.core.config_search_path import ConfigSearchPath
    from hydra.plugins.config_source import ConfigResult
    from hydra.plugins.search_path_plugin import SearchPathPlugin
    from omegaconf import OmegaConf

    class CheckedSource(FileConfigSource):
        @staticmethod
        def scheme() -> str:
            return "checked"

        def load_config(self, config_path: str) -> ConfigResult:
            file = Path(self.path, self._normalize_file_name(config_path))
            if config_path.startswith("hydra/"):
                raise RefusedError(f"{file}: Hydra's own settings are not for experiments: remove the file")
            if not file.is_file():
                return super().load_config(config_path)
            text = read_settings(file)
            check_text(text, file.name)
            try:
                loaded = OmegaConf.load(io.StringIO(text))
            except yaml.YAMLError as error:  # a key that stands twice
                raise ValueError(faulty(error, file.name)) from error
            return ConfigResult(config=loaded, path=self.full_path(), provider=self.provider,
                                header=self._get_header_dict(text[:512]))

    class Places(SearchPathPlugin):
        def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
            for place in PLACES.get():  # empty while somebody else's Hydra is at work
                search_path.append("forecast", f"checked://{place}")

    return CheckedSource, Places


def _plain(cfg: Any, name: str) -> dict[str, Any]:
    """The composed settings as plain data with references put in, after the check; named after their file."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    raw: Any = OmegaConf.to_container(cfg, resolve=False)
    raw.pop("hydra", None)
    check(raw, name)
    try:
        settings: Any = OmegaConf.to_container(OmegaConf.create(raw), resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ValueError(f"{name}: {str(error).splitlines()[0]}") from error
    called = str(settings.get("name") or name)
    if not re.fullmatch(r"\w[\w.-]{0,99}", called):  # a report is written to a folder of that name
        raise ValueError(f"{name}: name {called[:120]!r} must be at most 100 letters, digits, '_', '-' and '.'")
    return {str(key): value for key, value in settings.items()} | {"name": called}


def _in_our_words(error: Exception, name: str, overrides: Sequence[str], config_dir: str | None) -> str:
    """What Hydra means, with the nearest thing that would have been right."""
    said = " ".join((str(error) or str(error.__cause__)).split()).partition(" See https:")[0]
    wrong = next((text for text in overrides if text.split("=")[0].lstrip("+~") in said), "")
    if missing := getattr(error, "missing_cfg_file", None):
        group, _, choice = str(missing).rpartition("/")
        if group == "hydra/launcher":
            return f"launcher {quoted(choice)} is not here: pip install hydra-{choice.partition('_')[0]}-launcher"
        known = _choices(group, config_dir)
        return f"{name}: {group or 'config'} {quoted(choice)} is unknown: {suggest(choice, known)}"
    if type(error).__name__ == "OverrideParseException":
        return (f"override {getattr(error, 'override', wrong)!r} cannot be read: write key=value, and quote text that "
                "holds blanks or commas")
    if "Ambiguous value" in said or "requires --multirun" in said:
        return f"override {quoted(wrong)} holds several values: add -m to run each, or write [a,b] for one list"
    if match := re.search(r"(?:Could not override|delete from config\.) '([^']+)'", said):
        return _no_setting(match[1], name, config_dir)
    return f"{name}: {said}"


def _choices(group: str, config_dir: str | None) -> list[str]:
    """The names that a group offers, ours and the user's; experiments for the empty group."""
    if not group:
        return list(experiments(config_dir))
    theirs = (path.stem for place in folders(config_dir) for path in (place / group).glob("*.yaml"))
    return sorted({*names(group), *theirs})


def _no_setting(key: str, name: str, config_dir: str | None) -> str:
    """That there is no such key, and the nearest one at the deepest level that exists."""
    level: Any = compose(name, config_dir=config_dir)
    done: list[str] = []
    for part in re.split(r"[./@]", key):
        if not isinstance(level, Mapping):
            return f"{name}: {'.'.join(done)} is one value and has no setting {quoted(part)}"
        if part not in level:
            return f"{name}: {'.'.join([*done, part])!r} is no setting: {suggest(part, [str(k) for k in level])}"
        level, done = level[part], [*done, part]
    return f"{name}: {quoted(key)} cannot be chosen so: name it in the defaults list of the experiment's file"


# -- build ----------------------------------------------------------------------------------------------------------
def build(cfg: Mapping[str, Any]) -> Experiment:
    """The experiment that settings describe; every mapping with a `_target_` becomes the object it names.

    Raises ValueError naming the place, what stands there and the nearest thing that would do.
    """
    from forecast.experiment.experiment import Experiment

    if type(cfg).__module__.startswith("omegaconf"):
        cfg = _plain(cfg, str(cfg.get("name") or "experiment"))
    name = str(cfg.get("name") or "experiment")
    check(cfg, name)
    settings = {key: value for key, value in cfg.items() if key != "defaults"}
    _known(settings, Experiment, name)
    made = {key: _built(value, f"{name}: {key}") for key, value in settings.items()}
    for group, make in (("series", None), ("detectors", registry.make), ("models", registry.make)):
        made[group] = _members(made.get(group) or {}, group, make, name)
    lacking = [each.name for each in dataclasses.fields(Experiment)
               if made.get(each.name) is None and each.default is dataclasses.MISSING
               and each.default_factory is dataclasses.MISSING]
    if lacking:
        raise ValueError(f"{name}: {', '.join(lacking)} missing: say it in the experiment's file")
    try:
        return Experiment(**made)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from error


def _members(given: Any, group: str, make: Callable[[str, str], Any] | None, name: str) -> dict[str, Any]:
    """Name -> object; where `make` is given, a member may also be called by its name alone."""
    if isinstance(given, list) and make:
        given = {str(key): key for key in given}
    if not isinstance(given, Mapping):
        raise ValueError(f"{name}: {group} must map names to what they are, got {quoted(given)}: copy an example")
    made = {key: make(group, value) if make and isinstance(value, str) else value for key, value in given.items()}
    for key, value in made.items():
        if value is None or isinstance(value, (str, int, float, list, dict)):
            raise ValueError(f"{name}: {group}.{key} has no _target_, got {quoted(value)}: copy an example")
        if not callable(getattr(value, ROLES[group], None)):
            raise ValueError(f"{name}: {group}.{key} is a {type(value).__name__}, which has no {ROLES[group]}(): "
                             "copy an example")
    return made


def _built(node: Any, where: str) -> Any:
    if isinstance(node, Mapping):
        parts = {key: _built(value, f"{where}.{key}") for key, value in node.items()}
        return _object(parts, where) if "_target_" in parts else parts
    return [_built(value, where) for value in node] if isinstance(node, list) else node


def _object(recipe: dict[str, Any], where: str) -> Any:
    """The object of a recipe, if the target is a class of ours and knows every field."""
    module, _, name = str(recipe["_target_"]).rpartition(".")
    try:
        target = getattr(import_module(module), name, None)
    except ModuleNotFoundError as error:
        raise ValueError(f"{where}: there is no module {module}: copy an example, or name one of conf/") from error
    # a class that a module merely imports (pathlib.Path, say) is nothing that forecast offers
    home = target.__module__.split(".")[0] if inspect.isclass(target) else ""
    if home not in ("forecast", *TRUSTED.get()) or not any(hasattr(target, role) for role in ROLES.values()):
        raise ValueError(f"{where}: {module} offers no class {quoted(name)}: copy an example, or name one of conf/")
    settings = {key: value for key, value in recipe.items() if key != "_target_"}
    _known(settings, target, where)
    try:
        return registry.build(recipe)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _known(settings: Mapping[str, Any], target: Any, where: str) -> None:
    """Raise ValueError for a setting that the constructor of `target` does not take."""
    takes = list(inspect.signature(target).parameters)
    for key in settings:
        if key not in takes:
            raise ValueError(f"{where}: {quoted(key)} is no setting of {target.__name__}: {suggest(str(key), takes)}")
