"""Configs from strangers: each is refused in its own sentence, soon, and nothing happens but that."""

from __future__ import annotations

import sys
import time

import pytest

from forecast.cli.main import command
from forecast.experiment.config import load
from forecast.support.untrusted import RefusedError, check_text, may_name, trusted

SERIES = "series: {it: {_target_: forecast.SimulatedYard}}"
SMALL = f"""\
defaults: [base, {{/detectors: [segments]}}, {{/models: [mean]}}, _self_]
title: Mine
question: Which?
primary: it
{SERIES}
"""
OUTSIDE = "lies outside forecast's sources, detectors and models"
ONLY_OURS = "only files of the folder of experiments can be named"


def _it(recipe: str) -> str:
    return SMALL.replace(SERIES, f"series: {{it: {recipe}}}")


def _yard(more: str) -> str:
    return _it(f"{{_target_: forecast.SimulatedYard, {more}}}")


CLASSES = {"sarimax": "models.sarimax.Sarimax", "combination": "models.combination.Combination", "regimes": "breaks.regimes.Regimes",
           "optimal_partitioning": "breaks.optimal_partitioning.OptimalPartitioning", "auto": "breaks.auto.Auto"}


def _model(recipe: str) -> str:
    return _group("models", recipe)


def _detector(recipe: str) -> str:
    return _group("detectors", recipe)


def _group(group: str, recipe: str) -> str:
    name, _, settings = recipe.partition(", ")
    return SMALL + f"{group}: {{own: {{_target_: forecast.{CLASSES[name]}, {settings}}}}}\n"


def _default(name: str) -> str:
    return SMALL.replace("[base,", f"[base, {name},")


# what it is -> (the file, what is said of it)
CONFIGS: dict[str, tuple[str | bytes, str]] = {
    # targets
    "a function of the system": (_it("{_target_: os.system, command: touch pwned}"), OUTSIDE),
    "an evaluator of pandas": (_it("{_target_: pandas.eval, expr: '1'}"), OUTSIDE),
    "a pickle": (_it("{_target_: pandas.read_pickle, filepath_or_buffer: x}"), OUTSIDE),
    "our own command": (_it("{_target_: forecast.__main__.main}"), OUTSIDE),
    "a class of our command": (_it("{_target_: forecast.__main__.Parser}"), OUTSIDE),
    "our bootstrap": (_it("{_target_: forecast.support.bootstrap.ensure, module: m}"), OUTSIDE),
    "what our bootstrap imports": (_it("{_target_: forecast.support.bootstrap.Path}"), OUTSIDE),
    "a private name": (_it("{_target_: forecast.models.ets._Fit}"), OUTSIDE),
    "a chain of dunders": (_it("{_target_: forecast.SimulatedYard.__init__.__globals__}"), OUTSIDE),
    "a method": (_it("{_target_: forecast.SimulatedYard.series}"), OUTSIDE),
    "a reader of files": (_it("{_target_: forecast.evidence.feeds.source.Source, path: /etc/passwd}"), OUTSIDE),
    "the notebook as a module": (_it("{_target_: forecast.experiments.reuse.Series}"), OUTSIDE),
    "letters that look like ours": (_it('{_target_: "forecast.S\u0456mulatedYard"}'), OUTSIDE),
    "a line end after the name": (_it('{_target_: "forecast.SimulatedYard\\n"}'), OUTSIDE),
    "a list of targets": (_it("{_target_: [os.system]}"), OUTSIDE),
    "a target of the whole": (SMALL + "_target_: os.system\n", OUTSIDE),
    "a target deep in lists": (_yard("breaks: [[{a: [{_target_: os.system}]}]]"), OUTSIDE),
    "a target in an argument": (_yard("start: {_target_: subprocess.Popen, args: [id]}"), OUTSIDE),
    "a target that is merged in": (_it("{<<: {_target_: os.system}, n: 3}"), OUTSIDE),
    "a key that looks like ours": (_it("{_t\u0430rget_: os.system}"), "series.it has no _target_"),
    "a key of wide letters": (_it("{_\uff54arget_: os.system}"), "series.it has no _target_"),
    "a target put together": ("y: os\n" + _it("{_target_: '${y}.system'}"), OUTSIDE),
    "a function beside a class": (_it("{_target_: forecast.series.simulation.simulate}"), OUTSIDE),
    "a class that a module of ours imports": (_it("{_target_: forecast.models.ets.Series}"), "offers no class 'Series'"),
    "a class of ours that is no source": (_it("{_target_: forecast.breaks.detection.Break}"), "offers no class 'Break'"),
    "a model as a series": (_it("{_target_: forecast.models.ets.Ets}"), "series.it is a Ets, which has no read()"),
    "an object for a text": (SMALL.replace("title: Mine", "title: {_target_: forecast.models.ets.Ets}"), "title must be text"),
    "positional arguments": (_yard("_args_: [os.system]"), "'_args_' is no setting of SimulatedYard"),
    "a partial": (_yard("_partial_: true"), "'_partial_' is no setting of SimulatedYard"),
    "a conversion": (_yard("_convert_: object"), "'_convert_' is no setting of SimulatedYard"),
    # resolvers
    "the environment": (SMALL.replace("Mine", "${oc.env:HOME}"), "only a plain reference"),
    "a decoder": (SMALL.replace("Mine", "'${oc.decode:\"[1]\"}'"), "only a plain reference"),
    "a maker of configs": (SMALL.replace("Mine", "'${oc.create:{a: 1}}'"), "only a plain reference"),
    "a resolver of somebody": (SMALL.replace("Mine", "${mine:1}"), "only a plain reference"),
    "a resolver put together": ('a: "oc.env"\n' + SMALL.replace("Mine", '"${${a}:HOME}"'), "only a plain reference"),
    "an escaped resolver": (SMALL.replace("Mine", '"\\\\${oc.env:HOME}"'), "only a plain reference"),
    "a resolver in a defaults list": (SMALL.replace("[mean]", "'${oc.env:HOME}'"), "only a plain reference"),
    "a resolver in a key": (SMALL + "'${oc.env:HOME}': 1\n", "only a plain reference"),
    "references that go round": (SMALL.replace("Mine", "${question}").replace("Which?", "${title}"), "Recursive"),
    "references that multiply": (
        SMALL + "a0: aaaaaaaaaa\n" + "".join(f"a{i + 1}: '{f'${{a{i}}}' * 10}'\n" for i in range(9)),
        "more than 12 references"),
    # Hydra
    "a callback": (SMALL + "hydra: {callbacks: {c: {_target_: forecast.SimulatedYard}}}\n", "'hydra': Hydra's own"),
    "a log handler": (SMALL + "hydra.job_logging: {handlers: {f: {class: logging.FileHandler}}}\n", "Hydra's own"),
    "a launcher": (SMALL + "hydra: {launcher: {_target_: os.system}}\n", "Hydra's own"),
    "a sweeper": (SMALL + "hydra: {sweeper: {params: {a: '1,2'}}}\n", "Hydra's own"),
    "a run folder": (SMALL + "hydra: {run: {dir: ../../etc}}\n", "Hydra's own"),
    "a search path": (SMALL + "hydra: {searchpath: ['file:///tmp']}\n", "Hydra's own"),
    "a group of Hydra": (_default("{override hydra/job_logging: colorlog}"), "Hydra's own"),
    "a key spelt by codes": (SMALL + '"h\\x79dra": {job_logging: {}}\n', "Hydra's own"),
    "a reference into Hydra": (SMALL.replace("Mine", "${hydra.runtime.cwd}"), "not found"),
    "a file that is called hydra": (_default("x/hydra"), "Hydra's own"),
    "a package of Hydra": (_default("{models@hydra.callbacks: ets}"), "Hydra's own"),
    "a header": ("# @package hydra.callbacks\nx: 1", "not for experiments"),
    "a second header": ("# @package _global_\n# @package hydra.job_logging\nx: 1", "not for experiments"),
    "a header after U+0085": ("# @package _global_\x85# @package hydra.job_logging\nx: 1", "not for experiments"),
    "a header after U+2028": ("# @package _global_\u2028# @package hydra.job_logging\nx: 1", "not for experiments"),
    # files elsewhere
    "a parent folder": (_default("../../x"), ONLY_OURS),
    "an absolute path": (_default("/../../../etc/passwd"), ONLY_OURS),
    "a package": (_default("'pkg://forecast.conf'"), ONLY_OURS),
    "an address": (_default("'file:///etc/passwd'"), ONLY_OURS),
    "a home": (_default("~/x"), ONLY_OURS),
    "a group elsewhere": (SMALL.replace("[mean]", "[../../../x]"), ONLY_OURS),
    "an output folder": (SMALL + "output: ../../etc\n", "'output' is no setting"),
    "a name with slashes": (SMALL + "name: ../../etc\n", "name '../../etc' must be"),
    "a name that is a parent": (SMALL + "name: '..'\n", "name '..' must be"),
    "a name of a thousand letters": (SMALL + f"name: {'a' * 1000}\n", "at most 100 letters"),
    # YAML
    "a tag of Python": (SMALL + "x: !!python/object/apply:os.system ['touch pwned']\n", "could not determine a constructor"),
    "a tag by another name": ("%TAG ! tag:yaml.org,2002:python/\n---\n" + SMALL + "x: !object/apply:os.system [id]\n",
                              "could not determine a constructor"),
    "a bomb of aliases": (SMALL + "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(7)), "more than 20000 entries"),
    "an alias of itself": (SMALL + "x: &x [*x]\n", "nested too deeply"),
    "deep lists": (SMALL + "x: " + "[" * 1500 + "]" * 1500 + "\n", "nested too deeply"),
    "deep mappings": (SMALL + "x: " + "{a: " * 300 + "1" + "}" * 300 + "\n", "nested too deeply"),
    "a number of 5,000 digits": (SMALL + f"horizon: {'9' * 5000}\n", "mend that number or date"),
    "a number of 100,000 hex digits": (SMALL + f"horizon: 0x{'f' * 100_000}\n", "more than 18 digits"),
    "a day that is none": (SMALL + "x: 2023-02-30\n", "mend that number or date"),
    "a key twice": (SMALL + "title: Again\n", "line 6: found duplicate key title"),
    "a key twice deep down": (SMALL + "events: {a: , a: }\n", "found duplicate key a"),
    "no key": (SMALL + "null: x\n", "None is no name of a setting"),
    "a list as key": (SMALL + "? [a, b]\n: x\n", "unhashable key"),
    "a number as key": (SMALL + "1: x\n", "'1' is no setting"),
    "a set": (SMALL + "x: !!set {a, b}\n", "a set is no setting"),
    "bytes": (SMALL + "x: !!binary aGVsbG8=\n", "a bytes is no setting"),
    "two documents": (SMALL + "---\nhydra: {}\n", "another document"),
    "a NUL": (SMALL + "x: \0\n", "special characters are not allowed"),
    "a NUL by its code": (SMALL + 'name: "a\\0b"\n', "hidden character U+0000"),
    "Latin-1": (SMALL.replace("Mine", "M\xefne").encode("latin-1"), "byte 78 is no UTF-8"),
    "UTF-16": (SMALL.encode("utf-16"), "is no UTF-8"),
    "ten megabytes": (SMALL + f"x: '{'a' * 10_000_000}'\n", "larger than 256 KiB"),
    # what a terminal or a page would act on
    "a code for terminals": (SMALL.replace("title: Mine", 'title: "\\e]0;owned\\a"'), "hidden character U+001B"),
    "a mark that turns text": (SMALL.replace("Mine", '"gpj.\u202etxt"'), "hidden character U+202E"),
    # values
    "a word for a number of a source": (_yard("n: abc"), "series.it: n must be int, got 'abc'"),
    "nothing for a number of a source": (_yard("missing: null"), "missing must be float, got None"),
    "yes for a number of a source": (_yard("level: yes"), "level must be float, got True"),
    "a word for a mapping": (_yard("breaks: abc"), "breaks must be a mapping of int to float, got 'abc'"),
    "a word in a list of numbers": (_model("sarimax, order: [1, a, 2]"), "order must be a list of int, got [1, 'a', 2]"),
    "a word for a list": (_model("combination, members: abc"), "members must be a list of str, got 'abc'"),
    "a list for a word or a number": (_detector("optimal_partitioning, penalty: [1]"), "penalty must be one of calibrated, mbic or float, got [1]"),
    "a word for an object": (_detector("auto, counts: abc"), "counts must be Regimes, got 'abc'"),
    "a word for settings": (_detector("regimes, model: abc"), "model takes settings (spreads, "),
    "a word deep in settings": (_detector("regimes, model: {levels: abc}"), "levels must be int, got 'abc'"),
    "a grid that fills the memory": (_detector("regimes, model: {levels: 100000}"), "levels must be a whole number from 2 to 400"),
    "a baseline that is no model": (SMALL + "baseline: seasonal\n", "baseline 'seasonal' is no model: did you mean 'seasonal_naive'"),
    "a word for yes": (SMALL + "images: abc\n", "images must be true or false, got 'abc'"),
    "a list for no": (SMALL + "simulated: [no]\n", "simulated must be true or false, got [False]"),
    "a number for a name": (SMALL.replace("primary: it", "primary: 3"), "primary must be text, got 3"),
    "a yard without end": (_yard("n: 100000"), "n must lie between 1 and 5,000 rows, got 100,000: ask for fewer rows"),
    "a horizon without end": (SMALL + "horizon: 1000000000\n", "horizon must be at most 10,000"),
    "as many draws as bytes": (SMALL + "draws: 1000000000\n", "draws must be at most"),
    "both in part": (SMALL + "draws: 1000000\nhorizon: 10000\n", "must be at most 50,000,000"),
    "a hundred thousand workers": (SMALL + "jobs: 100000\n", "jobs must be at most 1,024"),
    "yes for a number": (SMALL + "horizon: yes\n", "horizon must be a whole number of at least 1, got True"),
    "infinity": (SMALL + "delay_days: .inf\n", "delay_days must be a whole number"),
    "no number": (SMALL + "delay_days: .nan\n", "delay_days must be a whole number"),
    "a list for a text": (SMALL.replace("title: Mine", "title: [a]"), "title must be text"),
    "a text for events": (SMALL + "events: abc\nledger: x\n", "events must map names to delays"),
    "a number for an event": (SMALL + "events: {visit: 5}\nledger: x\n", "events: visit must be empty or like"),
    "a word for a delay": (SMALL + "events: {visit: {delay_days: soon}}\nledger: x\n", "got 'soon'"),
}


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(content: str | bytes) -> str:
        file = tmp_path / "experiments" / "mine.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return "mine"

    return write


def test_the_corpus_is_as_large_as_promised():
    assert len(CONFIGS) >= 40


@pytest.mark.parametrize(("content", "said"), CONFIGS.values(), ids=CONFIGS)
def test_a_hostile_config_is_refused_in_a_sentence_and_soon(content, said, mine, tmp_path):
    began = time.process_time()
    with pytest.raises(ValueError, match=r"mine") as error:
        load(mine(content))
    text = str(error.value)
    assert said in text
    assert "\n" not in text
    assert len(text) < 600
    assert time.process_time() - began < 8
    assert [path.name for path in tmp_path.iterdir()] == ["experiments"]


@pytest.mark.parametrize("between", ["\n", "\x85", "\u2028"])
def test_no_file_of_a_group_reaches_the_handlers_of_logs_that_a_sweep_sets_up(between, mine, tmp_path, capsys):
    name = mine(SMALL)
    (tmp_path / "experiments" / "models").mkdir()
    (tmp_path / "experiments" / "models" / "evil.yaml").write_text(
        f"# @package _global_{between}# @package hydra.job_logging\nversion: 1\nroot: {{handlers: [f]}}\n"
        "handlers: {f: {(): subprocess.check_call, args: [touch, pwned]}}\n", encoding="utf-8")
    assert command(["-cn", name, "models=[evil]", "-m", "horizon=2,3"]) == 2
    assert "is not for experiments" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["experiments"]


def test_a_bom_is_no_harm(mine):
    assert load(mine("\ufeff" + SMALL)).title == "Mine"


def test_a_pipe_a_folder_and_a_link_to_a_device_are_no_configs(mine, tmp_path):
    import os

    mine(SMALL)
    os.mkfifo(tmp_path / "experiments" / "pipe.yaml")
    (tmp_path / "experiments" / "folder.yaml").mkdir()
    (tmp_path / "experiments" / "zero.yaml").symlink_to("/dev/zero")
    for name in ("pipe", "folder", "zero"):
        with pytest.raises(ValueError, match=rf"{name}"):
            load(name)
    assert command(["--help"]) == 0


def test_help_shows_no_code_for_terminals(mine, capsys):
    mine(SMALL.replace("title: Mine", "title: \x1b]0;owned\x07\u202eMine").encode() + b"\xff")
    assert command(["--help"]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "]0;ownedMine" in said


@pytest.mark.parametrize("override", [
    "+x=1\x1b[31m", "++hydra.callbacks.c._target_=os.system", "~hydra", "+hydra.searchpath=[file:///tmp]", "hydra/launcher=evil",
    "title=${oc.env:HOME}", "+series.y={_target_:os.system}", "series.it._target_=os.system", "++series.it._target_=os.system",
    "models@hydra.callbacks=ets", "name=../../etc", "+output_dir=/etc", "series.it._args_=[1]", "title=\u202egpj",
    "hydra.verbose=[a,${oc.env:HOME}]", "models=../../x", "models=[file:///etc/passwd]", "=x", "a", "+a.b.c.d.e.f=1",
    "horizon=" + "9" * 5000, "title=" + "a" * 300_000, "[", "~", "series={}", "models.mean={}", "@", "a@b=c", "x=\0",
])
def test_a_hostile_override_is_one_sentence_and_exit_code_2(override, mine, capsys, tmp_path):
    assert command(["-cn", mine(SMALL), override]) == 2
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert "\x1b" not in said.err
    assert "\u202e" not in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["experiments"]


@pytest.mark.parametrize(("words", "said"), [
    (["horizon=range(1,1000000000)"], "more than 1,000 jobs: sweep over fewer values"), (["delay_days=range(1,40)", "horizon=range(1,40)"], "more than 1,000 jobs"),
    (["level=range(0.0,1.0,1e-300)"], "more than 1,000 jobs"), (["horizon=" + ",".join(map(str, range(1, 1500)))], "more than 1,000 jobs"),
    (["horizon=2,3", "hydra/launcher=joblib", "hydra.launcher.n_jobs=100000"], "hydra.launcher.n_jobs must fit"),
])
def test_a_sweep_without_end_is_refused_before_it_is_laid_out(words, said, mine, tmp_path, capsys):
    began = time.process_time()
    assert command(["-cn", mine(SMALL), "-m", *words]) == 2
    assert said in capsys.readouterr().err
    assert time.process_time() - began < 5
    assert [path.name for path in tmp_path.iterdir()] == ["experiments"]


@pytest.mark.parametrize("source", ["{_target_: forecast.Stock, ledgers: [%s]}", "{_target_: forecast.Flow, ledgers: [%s]}",
                                    "{_target_: forecast.LongTable, path: %s}"])
def test_a_data_path_may_be_any_file_but_nothing_of_a_foreign_file_is_repeated(source, mine, tmp_path, capsys):
    mine(SMALL)
    secret = tmp_path / "experiments" / "secret"
    secret.write_text("root:x:0:0:hunter2:/root:/bin/sh\nadmin:y:1:1:hunter3:/home:/bin/sh\n")
    assert command(["-cn", mine(_it(source % secret))]) == 2
    said = capsys.readouterr().err
    assert "hunter" not in said
    assert "secret" in said


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/stdin", "/proc/self/environ", "/proc/self/mem"])
def test_a_device_is_no_ledger(path, mine, capsys):
    assert command(["-cn", mine(_it(f"{{_target_: forecast.Stock, ledgers: [{path}]}}"))]) == 2
    assert "HOME=" not in capsys.readouterr().err


# -- a package of the user's own --------------------------------------------------------------------------------
OWN = """\
from dataclasses import dataclass
from forecast import SimulatedYard
print("imported")
@dataclass(frozen=True)
class Yard:
    n: int = 60
    def read(self, files=None):
        return SimulatedYard(n=self.n).read()
class Harmless:
    pass
def called(**_):
    raise SystemExit("called")
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "mypackage.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path / "library"))
    yield
    sys.modules.pop("mypackage", None)


def test_a_package_is_named_only_where_the_user_trusts_it(own, mine, capsys):
    name = mine(_it("{_target_: mypackage.Yard, n: 50}"))
    with pytest.raises(RefusedError, match=r"--trust PACKAGE"):
        load(name)
    assert "imported" not in capsys.readouterr().out
    assert type(load(name, trust=["mypackage"]).series["it"]).__name__ == "Yard"
    assert command(["-cn", name, "--cfg", "job"]) == 2
    assert command(["-cn", name, "--cfg", "job", "--trust", "mypackage"]) == 0
    with pytest.raises(RefusedError):
        load(name)


@pytest.mark.parametrize("target", ["mypackage.called", "mypackage.Harmless", "mypackage.SimulatedYard.series", "mypackage.__loader__"])
def test_of_a_trusted_package_only_sources_detectors_and_models_are_made(target, own, mine):
    with pytest.raises(ValueError, match=r"lies outside|offers no class"):
        load(mine(_it(f"{{_target_: {target}}}")), trust=["mypackage"])


def test_trust_does_not_reach_the_library_of_the_system(own, mine):
    with pytest.raises(ValueError, match=r"offers no class 'Popen'"):
        load(mine(_it("{_target_: subprocess.Popen, args: [id]}")), trust=["subprocess"])


@pytest.mark.parametrize("name", ["", "a.b", "a/b", "*", "a b"])
def test_what_is_no_name_of_a_package_is_not_trusted(name):
    with pytest.raises(ValueError, match="no name of a package"), trusted([name]):
        pass


def test_trust_ends_with_its_block():
    with trusted(["mypackage"]):
        assert may_name("mypackage.Yard")
    assert not may_name("mypackage.Yard")
    with pytest.raises(RefusedError):
        check_text("x: {_target_: mypackage.Yard}", "x")


def test_a_report_of_a_trusted_package_is_repeated_with_the_option_that_is_advised(own, mine, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    name = mine(_it("{_target_: mypackage.Yard, n: 120}") + "horizon: 2\norigins: 1\ndraws: 50\nplacebos: 19\n")
    assert command(["-cn", name, "output=run", "--trust", "mypackage", "--quiet"]) == 0
    capsys.readouterr()
    assert command(["rerun", "run"]) == 2
    assert "--trust PACKAGE" in capsys.readouterr().err
    assert command(["rerun", "run", "--trust", "another"]) == 2
    assert command(["rerun", "run", "--trust", "mypackage"]) == 0
    assert capsys.readouterr().out == "imported\nThe findings are the same.\n".removeprefix("imported\n")
