"""Experiments from YAML: what loads, what is refused before it can do anything, and what an error says."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from forecast.experiment.config import build, compose, experiments, load, sweep
from forecast.experiment.experiment import Experiment
from forecast.support.registry import folder, names
from forecast.support.untrusted import RefusedError, check_override, check_text

SHIPPED = sorted(path.stem for path in folder("experiments").glob("*.yaml"))
SMALL = """\
defaults: [base, {/detectors: [segments]}, {/models: [mean]}, _self_]
title: Mine
question: Which?
primary: it
series: {it: {_target_: forecast.SimulatedYard}}
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Write an experiment of the user's own and stand in the folder above it."""
    monkeypatch.chdir(tmp_path)

    def write(text: str = SMALL, name: str = "mine") -> str:
        path = tmp_path / "experiments" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, encoding="utf-8")
        return name

    return write


# -- what loads -----------------------------------------------------------------------------------------------------
def test_five_experiments_ship():
    assert SHIPPED == ["border_rail", "khasan_rajin", "rail", "seatbelts", "simulated_yard"]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_experiment_composes_and_builds(name):
    made = load(name)
    assert isinstance(made, Experiment)
    assert made.name == name
    assert made.models
    assert made.detectors
    assert all(hasattr(source, "read") for source in made.series.values())


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_events_are_in_their_ledger(name):
    from forecast.evidence.events import read_events

    made = load(name)
    if made.events:
        assert {event.name for event in read_events(made.ledger, list(made.events))} == set(made.events)


def test_khasan_rajin_asks_of_at_least_ten_outside_events_and_four_series():
    from forecast.evidence.events import read_events

    made = load("khasan_rajin")
    assert len(made.series) >= 4
    assert sum(event.outside for event in read_events(made.ledger, list(made.events))) >= 10


@pytest.mark.parametrize("group", ["detectors", "models"])
def test_every_name_of_conf_builds_in_an_experiment(group):
    made = load("seatbelts", f"{group}=[{','.join(names(group))}]")
    assert tuple(sorted(getattr(made, group))) == names(group)


@pytest.mark.parametrize("group", ["detectors", "models"])
def test_a_file_of_conf_holds_the_one_name_that_it_has(group):
    for path in (folder("conf") / group).glob("*.yaml"):
        assert list(yaml.safe_load(path.read_text(encoding="utf-8"))) == [path.stem]


def test_base_names_every_setting_of_an_experiment():
    base = yaml.safe_load((folder("conf") / "base.yaml").read_text(encoding="utf-8"))
    assert set(base) == {field.name for field in dataclasses.fields(Experiment)} - {"name"}


def test_base_repeats_the_defaults_of_the_constructor():
    base = yaml.safe_load((folder("conf") / "base.yaml").read_text(encoding="utf-8"))
    for field in dataclasses.fields(Experiment):
        if field.default is not dataclasses.MISSING:
            assert base[field.name] == field.default, field.name


def test_overrides_reach_settings_groups_and_what_a_file_leaves_at_its_default():
    made = load("seatbelts", "horizon=3", "models=[ets,mean]", "series.drivers_killed.kind=stock", "title=Two words")
    assert (made.horizon, list(made.models), made.title) == (3, ["ets", "mean"], "Two words")
    assert made.series["drivers_killed"].kind == "stock"


def test_priors_of_the_regime_model_are_settings():
    made = load("simulated_yard", "++detectors.regimes.model.levels=60", "++detectors.regimes.model.spreads=[0.2,0.5]")
    assert (made.detectors["regimes"].model.levels, made.detectors["regimes"].model.spreads) == (60, (0.2, 0.5))
    with pytest.raises(ValueError, match="model takes settings"):
        load("simulated_yard", "++models.regimes.model=abc")


def test_an_experiment_of_the_current_folder_comes_before_one_that_ships(mine):
    mine(name="seatbelts")
    assert load("seatbelts").title == "Mine"
    assert set(experiments()) == set(SHIPPED)


def test_a_config_folder_comes_first(mine, tmp_path):
    mine()
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.yaml").write_text(SMALL.replace("Mine", "Other"), encoding="utf-8")
    assert load("mine", config_dir=str(other)).title == "Other"


def test_folders_with_blanks_commas_and_quotes_are_found(tmp_path):
    odd = tmp_path / "a, b's [c]=$d"
    odd.mkdir()
    (odd / "mine.yaml").write_text(SMALL, encoding="utf-8")
    assert load("mine", config_dir=str(odd)).name == "mine"


def test_a_group_may_hold_the_users_own_variant(mine, tmp_path):
    (tmp_path / "experiments" / "models").mkdir(parents=True)
    (tmp_path / "experiments" / "models" / "short.yaml").write_text(
        "short: {_target_: forecast.models.windows.Windows, lengths: [3]}", encoding="utf-8")
    assert list(load(mine(), "models=short").models) == ["short"]


def test_a_variant_with_a_name_of_ours_is_not_passed_over_in_silence(mine, tmp_path):
    (tmp_path / "experiments" / "models").mkdir(parents=True)
    (tmp_path / "experiments" / "models" / "ets.yaml").write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="'ets' is taken"):
        load(mine())


def test_settings_of_an_experiment_survive_a_round_trip(mine, tmp_path):
    settings = compose("khasan_rajin", "horizon=4")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    assert load("config", config_dir=str(tmp_path)) == load("khasan_rajin", "horizon=4")


def test_members_may_be_called_by_name_in_plain_python():
    made = build({**compose("seatbelts"), "models": ["ets", "mean"], "detectors": {"mine": "cusum"}})
    assert list(made.models) == ["ets", "mean"]
    assert type(made.detectors["mine"]).__name__ == "Cusum"


def test_build_takes_a_config_object():
    from omegaconf import OmegaConf

    assert build(OmegaConf.create(compose("seatbelts"))) == load("seatbelts")


def test_loading_leaves_the_callers_own_hydra_alone(tmp_path):
    from hydra import compose as theirs
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    (tmp_path / "app.yaml").write_text("a: 1", encoding="utf-8")
    with initialize_config_dir(config_dir=str(tmp_path), version_base="1.2"):
        load("seatbelts")
        assert GlobalHydra.instance().is_initialized()
        assert theirs("app").a == 1


# -- what is refused ------------------------------------------------------------------------------------------------
CODE = {
    "a target outside": "x: {_target_: os.system, command: touch pwned}",
    "a target that only starts like ours": "x: {_target_: forecasting.evil.Thing}",
    "a function of ours": "x: {_target_: forecast.support.bootstrap.ensure, module: m}",
    "a private name": "x: {_target_: forecast.support.bootstrap._make}",
    "a target that is put together": "y: os\nx: {_target_: '${y}.system'}",
    "a target in a list": "x: [[{_target_: builtins.eval}]]",
    "a section for Hydra": "hydra: {run: {dir: elsewhere}}",
    "a callback": "hydra: {callbacks: {c: {_target_: forecast.SimulatedYard}}}",
    "a search path": "hydra.searchpath: ['file:///']",
    "a group of Hydra": "defaults: [base, {override hydra/job_logging: colorlog}]",
    "a package of Hydra": "defaults: [base, {models@hydra.callbacks: ets}]",
    "the environment": "title: ${oc.env:HOME}",
    "a resolver inside a reference": "title: ${a.${oc.env:HOME}}",
    "a resolver of Hydra": "title: ${hydra:runtime.cwd}",
    "a resolver in a key": "'${oc.env:HOME}': 1",
    "a tag": "x: !!python/object/apply:os.system ['touch pwned']",
    "a header": "# @package hydra.callbacks\nx: 1",
    "a bomb of aliases": "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(7)),
}


@pytest.mark.parametrize("text", CODE.values(), ids=CODE)
def test_a_file_that_is_more_than_settings_is_refused_and_nothing_happens(text, mine, tmp_path):
    whole = text if text.startswith(("defaults", "#")) else SMALL + text
    with pytest.raises(RefusedError):
        load(mine(whole))
    assert [path.name for path in tmp_path.iterdir()] == ["experiments"]


def test_a_file_is_refused_before_hydra_or_the_target_is_imported(tmp_path):
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "mine.yaml").write_text(SMALL + "x: {_target_: wave.open}", encoding="utf-8")
    code = ("import sys; from forecast.support.untrusted import check_text; from pathlib import Path\n"
            "try: check_text(Path('experiments/mine.yaml').read_text(), 'mine')\n"
            "except ValueError as e: print(e)\n"
            "print('hydra' in sys.modules, 'wave' in sys.modules)")
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
                          env=_env())
    assert "target 'wave.open' lies outside forecast" in said.stdout
    assert said.stdout.endswith("False False\n")


def _env() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}


def test_a_file_reached_through_a_defaults_list_is_checked_too(mine):
    mine("x: {_target_: os.system}", "other")
    with pytest.raises(RefusedError, match=r"other\.yaml: target 'os\.system'"):
        load(mine("defaults: [base, other, _self_]\n" + SMALL.split("\n", 1)[1]))


def test_a_users_folder_of_hydra_groups_is_not_read(mine, tmp_path):
    (tmp_path / "experiments" / "hydra" / "job_logging").mkdir(parents=True)
    evil = "root: {handlers: [h]}\nhandlers: {h: {class: logging.FileHandler, filename: pwned}}"
    (tmp_path / "experiments" / "hydra" / "job_logging" / "default.yaml").write_text(evil, encoding="utf-8")
    sweep(mine(), ["horizon=2"], lambda settings, place: "", tmp_path / "out")
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize("override", [
    "hydra.callbacks.x._target_=os.system", "+hydra.callbacks.x={_target_:os.system}", "++hydra.run.dir=x",
    "hydra.searchpath=[file:///]", "hydra/job_logging=colorlog", "hydra.launcher._target_=os.system", "hydra/launcher=mine",
    "hydra.launcher.setup=[rm]", "hydra.sweep.dir=/", "models@hydra.callbacks=ets", "~hydra.output_subdir",
    "hydra={run:{dir:x}}", "title=${oc.env:HOME}", "title=${hydra:runtime.cwd}", "series.x._target_=os.system",
    "hydra.verbose=${oc.env:HOME}",
])
def test_an_override_that_is_more_than_a_setting_is_refused(override):
    with pytest.raises(RefusedError):
        check_override(override)


@pytest.mark.parametrize("override", ["+x={_target_:os.system}", "+x=[{_target_:os.system}]", "+x={_target_:'os.system'}",
                                      "+series.y={_target_:forecast.support.bootstrap.Path}"])
def test_a_target_in_the_value_of_an_override_is_refused(override):
    with pytest.raises(ValueError, match=r"lies outside forecast|offers no class"):
        load("seatbelts", override)


@pytest.mark.parametrize("override", ["hydra.verbose=true", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2",
                                      "title=${question}", "models.ets.season=12", "~models.ets", "+a.hydrant=1"])
def test_an_override_that_is_a_setting_passes(override):
    check_override(override)


def test_plain_references_are_put_in(mine):
    made = load(mine(SMALL.replace("title: Mine", "title: after ${horizon} of ${.question}")))
    assert made.title == "after 6 of Which?"


# -- what an error says ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("overrides", "said"), [
    (["horizn=3"], "'horizn' is no setting: did you mean 'horizon'"),
    (["+horizn=3"], "'horizn' is no setting of Experiment: did you mean 'horizon'"),
    (["model=ets"], "did you mean 'models'"),
    (["models=etz"], "models 'etz' is unknown: did you mean 'ets'"),
    (["models=[mean,etz]"], "models 'etz' is unknown: did you mean 'ets'"),
    (["detectors=bai_peron"], "did you mean 'bai_perron'"),
    (["series.drivers_killed.frq=MS"], "'frq' is no setting of LongTable: did you mean 'freq'"),
    (["models.ets.dampd_trend=true"], "'dampd_trend' is no setting of Ets: did you mean 'damped_trend'"),
    (["~modles"], "did you mean 'models'"),
    (["horizon=3,4"], "several values: add -m"),
    (["horizon"], "override 'horizon' cannot be read: write key=value"),
    (["title=a {b"], "cannot be read"),
    (["horizon=abc"], "horizon must be a whole number of at least 1, got 'abc'"),
    (["horizon=0"], "horizon must be a whole number of at least 1, got 0"),
    (["primary=driver"], "primary 'driver' is none of the series"),
    (["title=null"], "title missing"),
    (["title=${nope}"], "nope"),
    pytest.param(["hydra/launcher=submitit_local"], "pip install hydra-submitit-launcher", marks=pytest.mark.skipif(
        find_spec("submitit") is not None, reason="the launcher is here")),
    (["models={ets: 3}"], "models.ets has no _target_"),
    (["series.drivers_killed=3"], "series.drivers_killed has no _target_"),
])
def test_an_error_says_what_is_wrong_and_what_would_do(overrides, said):
    with pytest.raises(ValueError, match=r"seatbelts|launcher|override") as error:
        load("seatbelts", *overrides)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_experiment_suggests_the_nearest():
    with pytest.raises(ValueError, match="'seatbelt' is unknown: did you mean 'seatbelts'"):
        load("seatbelt")


def test_a_missing_config_folder_is_said():
    with pytest.raises(ValueError, match="'nowhere' is no folder"):
        load("seatbelts", config_dir="nowhere")


@pytest.mark.parametrize(("text", "said"), [
    ("defaults: [base\n", "mine.yaml, line 2"),
    ("a: 1\na: 2\n", "mine.yaml, line 2: found duplicate key a"),
    ("- a\n", "mine"),
    ("defaults: [base, nosuch]\n", "config 'nosuch' is unknown"),
    ("defaults: [base, {/models: [etz]}]\n", "did you mean 'ets'"),
    ("defaults: [base]\ntitle: T\nquestion: Q\nprimary: p\n", "primary 'p' is none of the series"),
    ("defaults: [base]\n", "title"),
    (SMALL + "outptu: x\n", "'outptu' is no setting"),
    (SMALL + "name: ../up\n", "name '../up'"),
    (SMALL.replace("forecast.SimulatedYard", "forecast.models.ets.Etz"), "offers no class 'Etz'"),
    (SMALL.replace("forecast.SimulatedYard", "forecast.reconcile.LongTable"), "'forecast.reconcile.LongTable' has moved: write forecast.LongTable"),
    (SMALL.replace("forecast.SimulatedYard", "forecast.simulte.SimulatedYard"), "target 'forecast.simulte.SimulatedYard' lies outside"),
    (SMALL.replace("forecast.SimulatedYard", "forecast.models.simulte.SimulatedYard"), "no module forecast.models.simulte"),
    ("", "title"),
])
def test_a_faulty_file_is_said_in_one_sentence(text, said, mine):
    with pytest.raises(ValueError, match="mine") as error:
        load(mine(text))
    assert said in str(error.value)
    assert "hydra" not in str(error.value).lower()


def test_check_text_returns_what_the_file_holds():
    assert check_text("a: [1, 2]", "here") == {"a": [1, 2]}


# -- sweeps ---------------------------------------------------------------------------------------------------------
def test_a_sweep_runs_every_combination_in_a_folder_named_after_it(tmp_path):
    asked = []

    def job(settings, place):
        asked.append((list(settings["models"]), settings["horizon"], settings["seed"], place.name))
        return "told"

    told = sweep("seatbelts", ["models=ets,mean", "horizon=3,6", "seed=1"], job, tmp_path / "out")
    assert told == ["told"] * 4
    assert asked == [
        (["ets"], 3, 1, "models=ets,horizon=3"), (["ets"], 6, 1, "models=ets,horizon=6"),
        (["mean"], 3, 1, "models=mean,horizon=3"), (["mean"], 6, 1, "models=mean,horizon=6")]


def test_a_sweep_writes_nothing_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sweep("seatbelts", ["horizon=3,6"], lambda settings, place: "", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_sweep_over_lists_numbers_folders_whose_names_lost_characters(tmp_path):
    places = []
    sweep("seatbelts", ["models=[ets],[mean,ets]"], lambda settings, place: places.append(place.name) or "", tmp_path)
    assert places == ["models=_ets_0", "models=_mean,ets_1"]


def test_a_sweep_with_an_unknown_choice_starts_no_job(tmp_path):
    asked = []
    with pytest.raises(ValueError, match="did you mean 'mean'"):
        sweep("seatbelts", ["models=ets,meen"], lambda settings, place: asked.append(place) or "", tmp_path / "out")
    assert not asked


def test_an_empty_mapping_as_override_is_refused_for_it_would_change_nothing():
    with pytest.raises(ValueError, match=r"write models=\[\] for none"):
        load("simulated_yard", "models={}")
    assert load("simulated_yard", "models=[]").models == {}
    with pytest.raises(ValueError, match="write ~events for none"):
        load("border_rail", "events={}")
    assert load("border_rail", "~events").events == {}
