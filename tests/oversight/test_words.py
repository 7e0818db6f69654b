"""Every act of the ledger has words for an auditor."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import odr
from odr.oversight import words

_TAG = re.compile(r'"([a-z_]+:[a-z_]+:[a-z_]+)"')


def test_every_tag_that_the_code_writes_has_words() -> None:
    sources = Path(odr.__file__).parent.rglob("*.py")
    written = {tag for source in sources for tag in _TAG.findall(source.read_text(encoding="utf-8"))}
    assert len(written) > 80
    assert written - set(words.ACTS) == set()


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _written_beside(function: _Function) -> Iterator[str]:
    """The keys of what a function writes beside its acts: of dictionaries given to `audit.record`, or put together
    before under a name that is given."""
    for call in ast.walk(function):
        if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "audit.record"):
            continue
        given = [*call.args[5:], *(word.value for word in call.keywords if word.arg == "detail")]
        names = {one.id for part in given for one in ast.walk(part) if isinstance(one, ast.Name)}
        for step in ast.walk(function):
            if isinstance(step, ast.Assign | ast.AnnAssign | ast.AugAssign) and step.value is not None:
                for target in step.targets if isinstance(step, ast.Assign) else [step.target]:
                    if isinstance(target, ast.Name) and target.id in names:
                        given.append(step.value)
                    if isinstance(target, ast.Subscript) and ast.unparse(target.value) in names:
                        yield ast.literal_eval(target.slice)
        for part in given:
            for one in ast.walk(part):
                if isinstance(one, ast.Dict):
                    yield from (ast.literal_eval(key) for key in one.keys if key is not None)


def test_every_key_that_the_code_writes_beside_an_act_has_a_word() -> None:
    written: dict[str, str] = {}
    for source in Path(odr.__file__).parent.rglob("*.py"):
        for function in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(function, _Function):
                written |= dict.fromkeys(_written_beside(function), source.name)
    assert len(written) > 30
    assert {key: where for key, where in written.items() if key not in words.DETAILS} == {}
    assert set(words.DETAILS) == set(written)


def _kinds_written(function: _Function) -> Iterator[str]:
    """The kinds of things a function writes acts about, also where kind and id come as one pair under a name."""
    for call in ast.walk(function):
        if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "audit.record"):
            continue
        given = call.args[3]
        if isinstance(given, ast.Starred):
            steps = [step.value for step in ast.walk(function) if isinstance(step, ast.Assign)
                     and ast.unparse(step.targets[0]) == ast.unparse(given.value)]  # fmt: skip
            pairs = [one for step in steps for one in ast.walk(step) if isinstance(one, ast.Tuple)]
            assert pairs, ast.unparse(call)
            yield from (ast.literal_eval(pair.elts[0]) for pair in pairs)
        else:
            yield ast.literal_eval(given)


def test_every_kind_of_thing_that_the_code_writes_has_a_word() -> None:
    written = {
        kind
        for source in Path(odr.__file__).parent.rglob("*.py")
        for function in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(function, _Function)
        for kind in _kinds_written(function)
    }
    assert len(written) > 15
    assert written == set(words.THINGS)
    assert (words.thing("login"), words.thing("tomorrow")) == ("登录", "tomorrow")


def test_what_stands_beside_an_act_is_read_in_words_and_nothing_is_left_out() -> None:
    beside = {"channel": "phone", "from": "mediating", "to": "signing", "role": "auditor", "way": "told",
              "person": None, "rules": ["a", "b"], "size": 0, "tomorrow": "x"}  # fmt: skip
    assert words.details(beside) == [
        ("途径", "电话"), ("原来的状态", "调解中"), ("现在的状态", "待签署"), ("角色", "审计员"),
        ("怎样读完的", "由程序报告"), ("人员", "（没有）"), ("检查项", "a、b"), ("字节数", "0"), ("tomorrow", "x"),
    ]  # fmt: skip


def test_an_unknown_tag_is_shown_as_it_is() -> None:
    assert words.act("thing:of:tomorrow") == "thing:of:tomorrow"
    assert words.act("ledger:page:read") == "查看操作台账"
