"""
Sources say on each line what is expected of it, behind `#:`.

`A` is read there, `A!` is required, `A='x'` has that default, `?` is a finding about a name that is not known.
"""

import ast
import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterdeck.inventory import TABLES
from quarterdeck.redaction import is_secret_name, looks_secret
from quarterdeck.sources.lambdas import LAMBDA_PATTERNS, REDACTED, read_lambdas
from quarterdeck.sources.reading import Document, documents_in

DATA = Path(__file__).parent / "data" / "lambdas"

DIRECT = {
    "the environment's own ways": """
        import os
        a = os.environ["A"]  #: A!
        b = os.environ.get("B")  #: B
        c = os.environ.get("C", "x")  #: C='x'
        d = os.getenv("D")  #: D
        e = os.getenv("E", "x")  #: E='x'
        f = os.getenv(key="F", default=3)  #: F='3'
        g = "G" in os.environ  #: G
        h = os.environ.pop("H", None)  #: H
        i = os.environ.pop("I")  #: I!
        j = os.environ.setdefault("J", "x")  #: J='x'
        k = os.environ.__getitem__("K")  #: K!
        os.environ["PATH"] += ":/opt"  #: PATH!
        l = "L" not in os.environ.keys()  #: L
        m = os.environ.get("M", default=-1.5)  #: M='-1.5'
        n = os.environ.get("N", True), os.environ.get("N")  #: N='True'
        o = os.environ.__contains__("O")  #: O
        """,
    "aliases": """
        import os as o
        from os import environ as env, getenv as ge, environ
        import os.path
        a = o.environ["A"]  #: A!
        b = env["B"]  #: B!
        c = ge("C")  #: C
        mine = o.environ
        d = mine.get("D", "x")  #: D='x'
        get = o.environ.get
        e = get("E")  #: E
        f = os.environ["F"]  #: F!
        copy = dict(os.environ)
        g = copy["G"]  #: G!
        h = {**environ}["H"]  #: H!
        i = (environ | {"X": "1"})["I"]  #: I!
        j = getattr(o, "environ")["J"]  #: J!
        k = __import__("os").environ["K"]  #: K!
        """,
    "everything of os": """
        from os import *
        a = environ["A"]  #: A!
        b = getenv("B")  #: B
        """,
    "writes and talk are no reads": '''
        """Set os.environ["A"] first."""
        import os
        # os.environ["B"]
        os.environ["C"] = "x"
        del os.environ["D"]
        os.environ.update({"E": "x"})
        child = os.environ.copy()
        child["F"] = "x"
        text = 'os.environ["G"]'
        os.putenv("H", "x")
        os.environ["C"]  #: C
        ''',
    "other things called environ": """
        import os
        from os import environ
        def application(environ, start):
            return environ["PATH_INFO"]
        def other():
            environ = {}
            return environ["A"], environ.get("B")
        class Request:
            environ = {"C": 1}
            def get(self):
                return self.environ["C"]
        def real():
            return environ["D"]  #: D!
        os = Request()
        os.environ["E"]
        """,
    "or, and, if": """
        import os
        a = os.environ.get("A") or "x"  #: A='x'
        b = os.getenv("B", "") or "x"  #: B='x'
        c = os.getenv("C1") or os.getenv("C2") or "x"  #: C1 C2='x'
        d = os.environ["D"] or "x"  #: D!
        e = os.environ["E"] if "E" in os.environ else "x"  #: E='x'
        f = "x" if "F" not in os.environ else os.environ["F"]  #: F='x'
        g = "G" in os.environ and os.environ["G"]  #: G
        h = "H" not in os.environ or os.environ["H"]  #: H
        i = int(os.environ.get("I") or "5")  #: I='5'
        j = os.getenv("J") if os.getenv("J") else None  #: J
        k = os.getenv("K") or None  #: K
        l = os.getenv("L1") and os.environ["L2"]  #: L1 L2!
        m = (os.getenv("M") or "x").upper()  #: M='x'
        """,
    "None that is used raises": """
        import os, json
        a = int(os.environ.get("A"))  #: A!
        b = os.getenv("B").split(",")  #: B!
        c = os.getenv("C", "").split(",")  #: C=''
        d = json.loads(os.environ.get("D"))  #: D!
        e = str(os.getenv("E"))  #: E
        f = os.getenv("F")[0]  #: F!
        g = len(os.getenv("G"))  #: G!
        h = os.getenv("H").strip()  #: H!
        """,
}

GUARDS = {
    "if in os.environ": """
        import os
        if "A" in os.environ:  #: A
            a = os.environ["A"]  #: A
            b = os.environ["B"]  #: B!
        else:
            c = os.environ["C"]  #: C!
        if "D" not in os.environ:  #: D
            pass
        else:
            d = os.environ["D"]  #: D
        e = os.environ["A"]  #: A!
        """,
    "what is not there raises": """
        import os, sys
        if "A" not in os.environ:  #: A!
            raise RuntimeError("A")
        if not os.environ.get("B"):  #: B!
            sys.exit("B")
        c = os.getenv("C")  #: C!
        if c is None:
            print("C")
            raise SystemExit(1)
        d = os.getenv("D", "")  #: D!
        if d == "":
            raise ValueError
        assert os.getenv("E"), "E"  #: E!
        assert "F" in os.environ  #: F!
        g = os.getenv("G")  #: G!
        if not g and 1:
            raise ValueError
        if not (h := os.getenv("H")):  #: H!
            raise ValueError
        i = os.getenv("I")  #: I
        if i is None and sys.argv:
            raise ValueError
        j = os.getenv("J", "x")  #: J='x'
        if not j:
            raise ValueError
        k = os.getenv("K", "x")  #: K='x'
        if k not in ("x", "y"):
            raise ValueError
        """,
    "leaving early": """
        import os
        def handler(event):
            if "A" not in os.environ:  #: A
                return None
            return os.environ["A"]  #: A
        def other(event):
            for x in event:
                if "B" not in os.environ:  #: B
                    continue
                os.environ["B"]  #: B
        """,
    "defaults by assignment": """
        import os
        a = os.getenv("A")  #: A='x'
        if a is None:
            a = "x"
        if "B" in os.environ:  #: B='x'
            b = os.environ["B"]  #: B='x'
        else:
            b = "x"
        try:
            c = os.environ["C"]  #: C='x'
        except KeyError:
            c = "x"
        if "D" not in os.environ:  #: D='x'
            os.environ["D"] = "x"
        d = os.environ["D"]  #: D
        """,
    "try": """
        import os
        from contextlib import suppress
        try:
            a = os.environ["A"]  #: A
        except (KeyError, ValueError):
            a = None
        try:
            b = os.environ["B"]  #: B!
        except KeyError as error:
            raise RuntimeError("B") from error
        try:
            c = os.environ["C"]  #: C!
        except ValueError:
            c = None
        with suppress(KeyError):
            d = os.environ["D"]  #: D
        try:
            e = os.environ["E"]  #: E
        except:
            pass
        else:
            f = os.environ["F"]  #: F!
        finally:
            g = os.environ["G"]  #: G!
        try:
            try:
                h = os.environ["H"]  #: H
            except KeyError:
                raise
        except Exception:
            h = None
        def load():
            try:
                return os.environ["I"]  #: I='x'
            except KeyError:
                return "x"
        """,
    "several at once": """
        import os
        NEEDED = ["A", "B"]
        missing = [name for name in NEEDED if name not in os.environ]  #: A! B!
        if missing:
            raise RuntimeError(missing)
        if not all(name in os.environ for name in ("C", "D")):  #: C! D!
            raise RuntimeError
        gone = {"E", "F"} - set(os.environ)  #: E! F!
        if gone:
            raise RuntimeError
        if not {"G"} <= os.environ.keys():  #: G!
            raise RuntimeError
        if len([n for n in ("H",) if not os.getenv(n)]) > 0:  #: H!
            raise RuntimeError
        if any(os.getenv(n) is None for n in ("I",)):  #: I!
            raise RuntimeError
        lost = []
        for n in ("J", "K"):
            if n not in os.environ:  #: J! K!
                lost.append(n)
        if lost:
            raise RuntimeError
        if not {"L"}.issubset(os.environ):  #: L!
            raise RuntimeError
        if set(("M",)).difference(os.environ):  #: M!
            raise RuntimeError
        """,
    "match and while": """
        import os
        match os.environ.get("A", "x"):  #: A='x'
            case "x":
                b = os.environ["B"]  #: B!
            case {"k": v, **rest} if os.getenv("C"):  #: C
                os = rest
            case [*os] | os:
                raise ValueError
        while os.getenv("D"):  #: D
            e = os.environ["E"]  #: E!
            break
        """,
}

NAMES = {
    "constants": """
        import os
        A = "A"
        PREFIX = "APP"
        KEYS = {"table": "TABLE", "bucket": "BUCKET"}
        os.environ[A]  #: A!
        os.environ[f"{PREFIX}_B"]  #: APP_B!
        os.environ[PREFIX + "_C"]  #: APP_C!
        os.environ["%s_D" % PREFIX]  #: APP_D!
        os.environ["{}_E".format(PREFIX)]  #: APP_E!
        os.environ["_".join([PREFIX, "F"])]  #: APP_F!
        os.environ[KEYS["table"]]  #: TABLE!
        os.environ[KEYS.get("bucket")]  #: BUCKET!
        os.environ["g".upper()]  #: G!
        class Names:
            H = "H"
            I = "I"
        os.environ[Names.H]  #: H!
        os.environ[Names.I.value]  #: I!
        def f():
            name = "J"
            return os.environ[name]  #: J!
        if PREFIX:
            later = "K1"
        else:
            later = "K2"
        os.environ[later]  #: K1! K2!
        D = "default"
        os.getenv("L", D)  #: L='default'
        A += "2"
        os.environ[A]  #: A2!
        """,
    "loops": """
        import os
        NAMES = ("A", "B")
        for name in NAMES:
            os.environ[name]  #: A! B!
        config = {n: os.getenv(n) for n in ["C", "D"]}  #: C D
        for name, default in {"E": "1", "F": None}.items():
            os.environ.get(name, default)  #: E='1' F
        values = list(map(os.getenv, ["G", "H"]))  #: G H
        for i, name in enumerate("I J".split()):
            os.environ[name]  #: I! J!
        k, l = (os.environ[n] for n in ("K", "L"))  #: K! L!
        for name, default in zip(["M"], ["x"]):
            os.getenv(name, default)  #: M='x'
        for name in NAMES + ("N",):
            os.getenv(name.lower())  #: a b n
        for name in {"O": 1}:
            os.getenv(name)  #: O
        for x in [n for n in ("P", "Q")]:
            os.getenv(x)  #: P Q
        for n in (*NAMES, "R"):
            os.getenv(n + "_")  #: A_ B_ R_
        """,
    "names that nobody knows": """
        import os, sys
        os.environ[sys.argv[1]]  #: ?
        os.getenv(f"{os.getenv('STAGE')}_TABLE")  #: STAGE ?
        for name in open("names"):
            os.environ[name]  #: ?
        NAMES = ["A"]
        NAMES.sort()
        os.environ[NAMES[0]]  #: ?
        for key, value in os.environ.items():  #: ?
            print(key)
        sys.argv[1] in os.environ  #: ?
        def unused(name):
            return os.environ[name]  #: ?
        def unused_too(**names):
            for name in names["all"]:
                yield os.environ[f"X_{name}"]  #: ?
        """,
}

ODDS = {
    "odds and ends": """
        import os, sys
        a: str
        first, *rest = ("A", "B", "C")
        os.getenv(first)  #: ?
        (x, y), z = ("D", "E"), "F"
        os.getenv(y)  #: E
        names = ["G", "H"]
        names[0] = "I"
        os.getenv(names[1])  #: ?
        table = {}
        table["j"] = "J"
        os.getenv(table["j"])  #: J
        os.getenv(table["k"])  #: ?
        sys.path += ["x"]
        sys.flags[os.getenv("K")] += 1  #: K
        del table["j"], sys.path[0], z
        l = 1 < len(os.getenv("L", "")) < 3  #: L=''
        m = os.getenv("M", "5")  #: M='5'
        if len(m) >= 1 and len(m) < 9 and len(m) <= 9 and m in (sys.path,) and m != sys.path:
            raise ValueError
        n = os.getenv("N", "")  #: N!
        if len(n) <= 0:
            raise ValueError
        o = os.getenv("O", "")  #: O!
        if len(o) < 1:
            raise ValueError
        if m > "5":
            raise ValueError
        for i, p in enumerate(sys.argv):
            os.getenv(p)  #: ?
        for p, q in zip(["P"], sys.argv):
            os.getenv(p)  #: ?
        r = list(map(sys.exit, ["R"]))
        r = [get for get in map(lambda n: os.getenv(n), ["R"])]  #: R
        for key in {"s": "S"}.keys():
            os.getenv(key)  #: s
        for key in {"s": "S"}.values():
            os.getenv(key)  #: S
        known = {"t": "T"}
        known.update(u="U")
        os.getenv(known["t"])  #: ?
        os.getenv("U".join(sys.argv))  #: ?
        os.getenv("U {x}".format(x=1))  #: ?
        os.getenv("u".upper(1))  #: ?
        os.getenv("uu".replace("u", sys.argv[0]))  #: ?
        os.getenv(["V", "W"].copy()[-1])  #: W
        os.getenv(["V", "W"][2])  #: ?
        os.getenv(f"{'X':>2}")  #: ?
        os.getenv("%d" % 5)  #: ?
        os.getenv({**sys.argv, "Y": 1}["Y"])  #: ?
        os.getenv({**{"y": "Y"}}["y"])  #: Y
        os.getenv({sys.argv[0]: 1 for a in "x"}[0])  #: ?
        os.getenv({k: v for k, v in [("z", "Z")]}["z"])  #: Z
        os.getenv("A", 1 << 2), os.getenv("BIG", 0x10000000000000000)  #: A BIG='18446744073709551616'
        bool(os.getenv("B1")), str(os.getenv("B2", 1)).strip(2)  #: B1 B2='1'
        os.getenv(), os.environ.get, os.environ.pop
        assert set(os.environ) > {"C"}
        d = os.getenv("D", "x").strip("x") or "y"  #: D='y'
        {"E"}.issubset(sys.argv), {"E"}.add("F"), ["G"].index("G")
        e = [n for n in ("E1",) if sys.argv]
        os.getenv(e[0])  #: ?
        class Missing: pass
        def f(name, default=Missing):
            if default is not Missing and default != Missing:
                return os.getenv(name, default)
            return os.environ[name]
        f("F1"), f("F2", "x")  #: F1! F2='x'
        raise SystemExit
        """,
    "conditions on what is known": """
        import os
        STRICT = ("A", "B")
        def need(name, mode="soft"):
            if name in STRICT or mode == "hard":
                return os.environ[name]
            if mode not in ("soft",):
                raise ValueError
            return os.environ.get(name)
        need("A")  #: A!
        need("C")  #: C
        need("D", "hard")  #: D!
        need("E", mode="odd")
        def pick(flag):
            return os.environ["F"] if flag else os.environ["G"]  #: F! G!
        pick(True)
        def level(name, least=1):
            return os.environ[name] if not least else os.getenv(name)
        level("H"), level("I", 0)  #: H I!
        """,
}

HELPERS = {
    "a wrapped get": """
        import os
        def setting(name, default=None):
            return os.environ.get(name, default)
        a = setting("A")  #: A
        b = setting("B", "x")  #: B='x'
        c = setting(default="x", name="C")  #: C='x'
        d = setting("D") or "x"  #: D='x'
        e = int(setting("E"))  #: E!
        if not setting("F"):  #: F!
            raise ValueError
        """,
    "a wrapped subscript": """
        import os
        def required(name):
            return os.environ[name]
        a = required("A")  #: A!
        def handler(event, context):
            return required("B")  #: B!
        if "C" in os.environ:  #: C
            c = required("C")  #: C
        try:
            d = required("D")  #: D='x'
        except KeyError:
            d = "x"
        """,
    "helpers of helpers": """
        import os
        class Config:
            def __init__(self, prefix="APP", env=os.environ):
                self.prefix = prefix
                self.env = env
            def get(self, name, default=None):
                return self._raw(f"{self.prefix}_{name}", default)
            def _raw(self, name, default):
                return self.env.get(name, default)
            @staticmethod
            def need(name):
                return os.environ[name]
            @classmethod
            def maybe(cls, name):
                return cls.need(name) if name in os.environ else "x"
        config = Config()
        a = config.get("A")  #: APP_A
        b = config.get("B", "x")  #: APP_B='x'
        c = Config.need("C")  #: C!
        d = Config.maybe("D")  #: D='x'
        def outer(key):
            return inner(key, "y")
        def inner(key, default):
            return os.environ.get(key) or default
        e = outer("E")  #: E='y'
        """,
    "required unless a default is given": """
        import os
        _MISSING = object()
        def env(name, default=_MISSING):
            if name in os.environ:
                return os.environ[name]
            if default is _MISSING:
                raise KeyError(name)
            return default
        a = env("A")  #: A!
        b = env("B", "x")  #: B='x'
        c = env("C", None)  #: C
        def env2(name, default=None, required=False, cast=str):
            value = os.environ.get(name, default)
            if required and value is None:
                raise RuntimeError(name)
            return cast(value)
        d = env2("D", required=True)  #: D!
        e = env2("E")  #: E
        f = env2("F", "x", True)  #: F='x'
        def env3(name, default=None):
            try:
                return os.environ[name]
            except KeyError:
                if default is None:
                    fail(f"{name} is missing")
                return default
        def fail(message):
            raise SystemExit(message)
        g = env3("G")  #: G!
        h = env3("H", "x")  #: H='x'
        def env4(name, default=...):
            value = os.getenv(name)
            if value:
                return value
            elif default is not ...:
                return default
            else:
                raise LookupError
        i = env4("I")  #: I!
        j = env4("J", default="x")  #: J='x'
        """,
    "many at once": """
        import os
        def load(*names, **defaults):
            for name in names:
                os.environ[name]
            for name, default in defaults.items():
                os.environ.get(name, default)
        load("A", "B", C="x")  #: A! B! C='x'
        def check(names):
            gone = [n for n in names if n not in os.environ]
            if gone:
                raise RuntimeError(gone)
        check(["D", "E"])  #: D! E!
        ARGS = ("F",)
        load(*ARGS)  #: F!
        load(**{"G": "y"})  #: G='y'
        """,
    "lambdas, decorators, closures": """
        import os
        from functools import lru_cache
        get = lambda name, default="z": os.environ.get(name, default)
        a = get("A")  #: A='z'
        @lru_cache
        def cached(name):
            return os.environ[name]
        b = cached("B")  #: B!
        def needs(name):
            def wrap(function):
                def inner(*args):
                    return function(os.environ[name], *args)
                return inner
            return wrap
        @needs("C")  #: C!
        def handler(c):
            return os.environ.get("D", "x")  #: D='x'
        async def fetch():
            return await load("E")  #: E!
        async def load(name):
            return os.environ[name]
        later = lambda: os.environ["F"]  #: F!
        def recursive(name):
            return recursive(name) or os.getenv(name)
        recursive("G")  #: G
        """,
    "a default environment": """
        import os
        def table(env=os.environ):
            return env["A"]  #: A!
        def other(env=None):
            env = env or os.environ
            return env["B"]  #: B!
        def third(env=None):
            if env is None:
                env = os.environ
            return env["C"]  #: C!
        def fourth(name="D"):
            return os.environ[name]  #: D!
        COUNT = None
        def fifth():
            global COUNT
            COUNT = os.environ
        fifth()
        COUNT["E"]  #: E!
        class Box:
            @property
            def name(self):
                return "F"
        Box().name
        """,
    "objects that know their variable": """
        import os
        from dataclasses import dataclass
        class Variable:
            def __init__(self, name, default=None):
                self.name, self.default = name, default
            def __get__(self, obj, owner):
                return os.environ.get(self.name, self.default)
        class App:
            stage = Variable("STAGE", "dev")  #: STAGE='dev'
            table = Variable("TABLE")  #: TABLE
        @dataclass
        class Needed:
            name: str
            default: str = "x"
            def get(self):
                return os.environ[self.name]
        a = Needed("A").get()  #: A!
        b = Needed(name="B")  #: B!
        class Derived(Needed):
            def other(self):
                return os.getenv(self.name + "_2")
        c = Derived("C")  #: C! C_2
        """,
    "partial": """
        import os
        from functools import partial
        import functools
        get = partial(os.environ.get)
        a = get("A")  #: A
        b = functools.partial(os.getenv, "B", "x")  #: B='x'
        def env(name, default=None, required=False):
            return os.environ[name] if required else os.environ.get(name, default)
        need = partial(env, required=True)
        c = need("C")  #: C!
        d = partial(env, "D", default="y")  #: D='y'
        e = partial(print, "E")
        """,
    "arguments nobody knows": """
        import os, sys
        def need(name):
            return os.environ[name]
        need(sys.argv[1])  #: ?
        need("A")  #: A!
        def pass_on(name):
            return need(name)
        pass_on("B")  #: B!
        """,
}

SETTINGS = {
    "pydantic-settings": """
        from typing import Annotated, ClassVar, Optional
        from pydantic import AliasChoices, Field, SecretStr
        from pydantic_settings import BaseSettings, SettingsConfigDict
        class Base(BaseSettings):
            model_config = SettingsConfigDict(env_prefix="app_", extra="ignore")
            table: str  #: APP_TABLE!
            stage: str = "prod"  #: APP_STAGE='prod'
            batch: int = Field(25, gt=0)  #: APP_BATCH='25'
            topic: str = Field(default="x")  #: APP_TOPIC='x'
            needed: str = Field(...)  #: APP_NEEDED!
            described: str = Field(description="y")  #: APP_DESCRIBED!
            maybe: Optional[str] = None  #: APP_MAYBE
            made: list = Field(default_factory=list)  #: APP_MADE
            key: str = Field(alias="OTHER_NAME")  #: OTHER_NAME!
            both: str = Field(validation_alias=AliasChoices("one", "two"))  #: ONE TWO
            noted: Annotated[str, Field(alias="noted_as")]  #: NOTED_AS!
            noted2: Annotated[str, Field(gt=1)] = "z"  #: APP_NOTED2='z'
            _private: str = "no"
            shared: ClassVar[str] = "no"
            def method(self):
                return self.table
        class Derived(Base):
            more: str  #: APP_MORE!
        class Cased(BaseSettings, case_sensitive=True):
            region: str = "eu"  #: region='eu'
        """,
    "pydantic 1": """
        import pydantic as p
        from pydantic.v1 import BaseSettings as BS
        class One(p.BaseSettings):
            table: str  #: MY_TABLE!
            named: str = p.Field("x", env="NAMED")  #: NAMED='x'
            listed: str = p.Field("x", env=["L1", "L2"])  #: L1='x' L2='x'
            class Config:
                env_prefix = "MY_"
        class Two(BS):
            model_config = {"env_prefix": "two_"}
            table: str  #: TWO_TABLE!
        class NotSettings(p.BaseModel):
            table: str
        """,
}

ALL = {**DIRECT, **GUARDS, **NAMES, **ODDS, **HELPERS, **SETTINGS}


def document(name, text):
    return Document(name, text.encode() if isinstance(text, str) else text, f"lambdas/{name}")


def rows(reading, table="variables"):
    return reading.tables[table].to_pylist()


def read(**sources):
    return read_lambdas([document(name.replace("__", "/") + ".py", text) for name, text in sources.items()])


def said(row):
    mark = "!" if row["is_required"] else ""
    return row["name"] + mark + ("" if row["default"] is None else f"={row['default']!r}")


def expected(text):
    found = set()
    for number, line in enumerate(text.splitlines(), 1):
        note = re.search(r"#: (.*)", line)
        found |= {(number, word) for word in (note[1].split() if note else ())}
    return found


@pytest.mark.parametrize("text", ALL.values(), ids=ALL.keys())
def test_every_way_to_read_a_variable_is_seen_and_nothing_else(text):
    """Each line of a source gives the variables that it reads, whether they are required, and their defaults."""
    text = textwrap.dedent(text).strip()

    reading = read(app=text)

    found = {(row["line"], said(row)) for row in rows(reading)}
    found |= {(finding.line, "?") for finding in reading.findings}
    assert found == expected(text)
    ast.parse(text)


def test_the_hotels_function_is_read_whole():
    """The hotel's check-in needs one variable, offers six defaults or none, and holds one secret in its source."""
    reading = read_lambdas(documents_in(DATA / "functions" / "hotel_checkin", *LAMBDA_PATTERNS))

    assert [
        (row["line"], said(row), row["is_secret"]) for row in sorted(rows(reading), key=lambda row: row["line"])
    ] == [
        (8, "STAYS_TABLE!", False),
        (9, "STAGE='prod'", False),
        (10, "PMS_API_KEY", True),
        (11, "BATCH_SIZE='25'", False),
        (12, "ADMIN_TOKEN='••••'", True),
        (16, "AWS_REGION='eu-west-1'", False),
        (20, "SENTRY_DSN", True),
        (23, "REGION_NAME='eu'", False),
        (23, "SENTRY_DSN", True),
    ]
    assert rows(reading, "functions") == [{"function": "lambda_function.py", "lines": 24, "parse_error": None}]
    assert reading.findings == []


def test_a_folder_of_functions_is_read_as_one_program():
    """Helpers of a shared module and of a layer are followed from the function that calls them, and count there."""
    reading = read_lambdas(documents_in(DATA / "functions", *LAMBDA_PATTERNS))

    read_by = {(row["function"], row["line"], said(row)) for row in rows(reading) if "hotel" not in row["function"]}
    assert read_by == {
        ("invoices/app.py", 8, "INVOICES_TABLE!"),
        ("invoices/app.py", 9, "MAIL_TOKEN='••••'"),
        ("invoices/app.py", 10, "SENDER='invoices@example.com'"),
        ("invoices/app.py", 11, "FLAG_DRY_RUN='off'"),
        ("invoices/tax.py", 6, "TAX_RATE='0.23'"),
        ("shared/settings.py", 18, "AWS_REGION='eu-west-1'"),
    }
    assert {row["document"] for row in rows(reading)} <= {row["function"] for row in rows(reading, "functions")}


def test_a_source_that_does_not_parse_is_a_finding_and_the_others_go_on():
    """Its row says so, the finding says what to type, and neither has a word of the source or of Python's version."""
    reading = read_lambdas(documents_in(DATA / "functions", *LAMBDA_PATTERNS))

    errors = {row["function"]: row["parse_error"] for row in rows(reading, "functions") if row["parse_error"]}
    assert errors == dict.fromkeys(["roster/broken.py", "roster/legacy.py"], "it does not parse as Python")
    broken = next(finding for finding in reading.findings if finding.document == "roster/broken.py")
    assert (broken.source, broken.severity, broken.line) == ("lambdas", "error", None)
    assert broken.message == (
        "it does not parse as Python, so its variables are not known: python -m py_compile says where"
    )
    assert len(rows(reading, "functions")) == 8


@pytest.mark.parametrize(
    "content",
    [
        b"a = 1\0",
        b"a = '\xe9'\n",
        b"=\x80\raa",  # the parser's own UnicodeDecodeError
        b"# coding: klingon\n",
        b"a = " + b"(" * 500 + b")" * 500,
        b"a = " + b"-" * 90000 + b"1",
    ],
)
def test_whatever_the_bytes_are_there_is_a_row_that_says_so(content):
    """Null bytes, other encodings and endless brackets make a row that says so, always in the same words."""
    reading = read_lambdas([document("app.py", content)])

    (row,) = rows(reading, "functions")
    assert row["parse_error"] == "it does not parse as Python"
    assert [finding.severity for finding in reading.findings] == ["error"]


def test_other_encodings_and_odd_literals_are_read():
    """A declared encoding is honoured, an invalid escape warns nobody, and a lone surrogate cannot break the tables."""
    content = '# -*- coding: latin-1 -*-\nimport os\nos.getenv("É")\nos.getenv("A", "\\d")\nos.getenv("\\ud800")\n'

    reading = read_lambdas([document("app.py", content.encode("latin-1")), document("empty.py", b"")])

    assert {said(row) for row in rows(reading)} == {"É", "A='\\\\d'", "?"}
    assert rows(reading, "functions")[1] == {"function": "empty.py", "lines": 0, "parse_error": None}


def test_the_tables_have_all_columns_and_the_hashes_all_documents():
    """An empty folder gives two empty tables with every column; each document's hash is kept, also of a broken one."""
    nothing, something = read_lambdas([]), read(good="import os", bad="(")

    for reading in (nothing, something):
        assert {name: tuple(table.column_names) for name, table in reading.tables.items()} == {
            name: tuple(TABLES[name].columns) for name in ("functions", "variables")
        }
    assert nothing.hashes == {}
    assert sorted(something.hashes) == ["bad.py", "good.py"]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in something.hashes.values())


def test_one_variable_read_twice_on_a_line_is_one_row():
    """A row is a variable on a line: required if any read there is, with the default of the one that has it."""
    reading = read(app="import os\nx = os.environ['A'] if x else os.environ.get('A', 'y')\n")

    assert [(row["line"], said(row)) for row in rows(reading)] == [(2, "A!='y'")]


def test_the_order_of_the_documents_changes_nothing():
    """Shuffled sources give the same tables, also where one imports the other."""
    documents = list(documents_in(DATA / "functions", *LAMBDA_PATTERNS))

    forwards, backwards = read_lambdas(documents), read_lambdas(documents[::-1])

    assert forwards.tables["variables"].equals(backwards.tables["variables"])
    assert forwards.tables["functions"].equals(backwards.tables["functions"])
    assert list(forwards.findings) == list(backwards.findings)


def test_modules_that_import_each_other_end():
    """Circular imports, recursion, and relative imports that lead nowhere are followed once and no further."""
    reading = read(
        a__one="from .two import need\nfrom . import gone, two\nfrom ..far import away\nneed('A')\ntwo.need('B')\n",
        a__two="import os\nfrom .one import *\nfrom a import one\nimport a.one\n"
        "def need(name):\n    return need(name) or os.environ[name]\n",
        b="import a.two\nfrom a import two\na.two.need('C')\ntwo.need('D')\nimport missing.m\nmissing.m.need('E')\n",
    )

    assert {(row["function"], said(row)) for row in rows(reading)} == {
        ("a/one.py", "A!"),
        ("a/one.py", "B!"),
        ("b.py", "C!"),
        ("b.py", "D!"),
    }


def test_a_source_without_end_is_left_with_a_finding(monkeypatch):
    """A source that takes too long is given up with a finding; what was read until then is kept."""
    monkeypatch.setattr("quarterdeck.sources.lambdas.reads._MOST_STEPS", 4000)
    monkeypatch.setattr("quarterdeck.sources.lambdas.routines._MOST_STEPS_IN_CALLS", 500)
    loops = "".join(f"{' ' * depth}for i{depth} in range_{depth}:\n" for depth in range(4))
    ranges = "".join(f"range_{depth} = {list(range(150))}\n" for depth in range(4))
    calls = "def f0(): return os.getenv('B')\n" + "".join(
        f"def f{n}(): return {' or '.join([f'f{n - 1}()'] * 8)}\n" for n in range(1, 9)
    )

    reading = read(
        loop=f"import os\nos.getenv('A')\n{ranges}{loops}    os.getenv('Z')\n", call=f"import os\n{calls}f8()\n"
    )

    assert {(row["function"], row["name"]) for row in rows(reading)} >= {("loop.py", "A"), ("call.py", "B")}
    assert sorted(finding.message for finding in reading.findings) == [
        "is too long or too deep to be followed to its end: variables may be missing",
        "makes more calls than are followed: variables may be missing",
    ]


def test_a_source_too_deep_is_left_with_a_finding():
    """An expression nested deeper than Python's own stack is given up with a finding, and the others go on."""
    reading = read(deep="x = " + " + ".join(["y"] * 3000) + "\n", other="import os\nos.getenv('A')\n")

    assert [row["name"] for row in rows(reading)] == ["A"]
    assert [(finding.document, finding.severity) for finding in reading.findings] in (
        [("deep.py", "info")],
        [("deep.py", "error")],
    )


SECRET_NAMES = (
    "ADMIN_TOKEN",
    "SENTRY_DSN",
    "PMS_API_KEY",
    "DB_PASSWORD",
    "DBPASSWORD",
    "KEY",
    "STRIPE_KEY2",
    "secret",
    "apiKey",
    "AWS_SECRET_ACCESS_KEY",
    "SLACK_TOKENS",
    "BASIC_AUTH",
    "DB_PASS",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "JWT_SIGNING_KEY",
    "TOKEN_SALT",
    "REFRESH_TOKEN_V2",
    "PRIVATE_KEY",
    "SMTP_PWD",
    "clientSecret",
)
ORDINARY_NAMES = (
    "STAGE",
    "STAYS_TABLE",
    "KEY_COUNT",
    "TOKEN_TTL",
    "TOKEN_URL",
    "SECRET_ARN",
    "SECRET_NAME",
    "PARTITION_KEY",
    "SORT_KEY",
    "PUBLIC_KEY",
    "CACHE_KEY",
    "MAX_TOKENS",
    "TOKENS_PER_MINUTE",
    "PASSWORD_MIN_LENGTH",
    "MONKEY",
    "KEYBOARD",
    "BYPASS",
    "PASSPORT_CHECK",
    "API_KEY_HEADER",
    "USE_TOKEN",
    "KMS_KEY_ID",
    "COMPASS",
    "AUTHOR",
    "AUTH_URL",
    "TOKENIZER",
    "_",
    "",
)
SECRET_DEFAULTS = (
    "AKIAIOSFODNN7EXAMPLE",
    "sk_live_1234",
    "whsec_0000",
    "ghp_0123456789abcdef",
    "xoxb-1-2",
    "-----BEGIN RSA PRIVATE KEY-----",
    "postgres://app:hunter2@db.example.com/app",
    "redis://:hunter2@cache:6379/0",
    "Server=db;Password=hunter2;",
    "https://hooks.slack.com/services/T0/B0/x",
    "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln",
    "SG.0123456789abcdef.x",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "9f86d081884c7d659a2feaa0c55ad015",
    "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZg==",
)


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_name_says_that_it_holds_a_secret(name):
    """A part of the name is a word for a secret, in capitals, small letters or camel case."""
    secret = is_secret_name(name)

    assert secret


@pytest.mark.parametrize("name", ORDINARY_NAMES)
def test_a_name_only_speaks_of_a_secret(name):
    """What counts, places, bounds or switches a secret is none, and neither is a key of data."""
    secret = is_secret_name(name)

    assert not secret


@pytest.mark.parametrize("default", SECRET_DEFAULTS)
def test_a_default_looks_like_a_secret_whatever_its_name(default):
    """Forms of known providers, passwords in addresses, and long random runs are redacted under any name."""
    reading = read(app=f"import os\nos.environ.get('THING', {default!r})\n")

    (row,) = rows(reading)
    assert (row["is_secret"], row["default"]) == (True, REDACTED)


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("STAGE", "prod"),
        ("TABLE", "harbour-day-charters-events-production-2024"),
        ("QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/bookings-to-confirm"),
        ("TOPIC", "arn:aws:sns:eu-west-1:123456789012:alerts"),
        ("ID", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("ZONE_ID", "Z0123456789ABCDEFGHIJ"),
        ("IMAGE_SHA256", "9f86d081884c7d659a2feaa0c55ad015"),
        ("PATH_TO", "/opt/python/lib/python3/site-packages/quarterdeck/data"),
        ("GREETING", "password = ask at the front desk of the hotel 24 hours"),
        ("LONG", "abcdefghijklmnopqrstuvwxyz"),
        ("NUMBER", "12345678901234567890123"),
        ("DATABASE_URL", "postgres://db.example.com/app"),
        ("SENDER", "hello@example.com"),
        ("COLOUR", "#0072b2"),
        ("TOKEN_URL", "https://auth.example.com/oauth/token"),
    ],
)
def test_an_ordinary_default_is_shown(name, default):
    """Names of tables, addresses, ids, paths and sentences are no secrets, however long."""
    secret = looks_secret(name, default)
    reading = read(app=f"import os\nos.environ.get({name!r}, {default!r})\n")

    assert not secret
    assert rows(reading)[0]["default"] == default


def test_no_character_of_a_secret_gets_out():
    """A redacted default shows neither its characters nor its length, in no table and no finding."""
    source = """
        import os
        from pydantic_settings import BaseSettings
        from pydantic import SecretStr
        os.environ.get("A_TOKEN", "hunter2")
        os.getenv("B_KEY") or "hunter22"
        class S(BaseSettings):
            c_secret: str = "hunter222"
            door: SecretStr = SecretStr("hunter2222")
        """

    reading = read(app=textwrap.dedent(source))

    assert {(row["name"], row["default"]) for row in rows(reading)} == {
        ("A_TOKEN", REDACTED),
        ("B_KEY", REDACTED),
        ("C_SECRET", REDACTED),
        ("DOOR", REDACTED),
    }
    assert "hunter" not in str([table.to_pylist() for table in reading.tables.values()]) + str(reading.findings)


def test_a_number_too_long_to_be_written_is_no_default():
    """Python refuses to write out an integer of 5,000 digits, so it is not shown."""
    reading = read(app=f"import os\nos.getenv('A', 0x{'f' * 5000})\n")

    assert [said(row) for row in rows(reading)] == ["A"]


def test_an_empty_default_of_a_secret_is_none():
    """An empty text lets nobody in: for a secret it is no default, for anything else it is one."""
    reading = read(app="import os\nos.getenv('API_KEY', '')\nos.getenv('SUFFIX', '')\n")

    assert [(row["name"], row["default"], row["is_secret"]) for row in rows(reading)] == [
        ("API_KEY", None, True),
        ("SUFFIX", "", False),
    ]


_STATEMENTS = [
    line.split("#:")[0].rstrip() for text in ALL.values() for line in textwrap.dedent(text).strip().splitlines() if line
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(_STATEMENTS), st.text(max_size=20)), max_size=30))
def test_no_source_breaks_the_reader(lines):
    """Whatever lines are put together, parsing or not, there are tables and one row for the source."""
    reading = read_lambdas([document("app.py", "\n".join(lines).encode("utf-8", "replace"))])

    assert reading.tables["functions"].num_rows == 1


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(content):
    """Bytes that are no text make a row with a parse error at worst."""
    reading = read_lambdas([document("app.py", content)])

    assert reading.tables["functions"].num_rows == 1


@pytest.mark.parametrize("module", ["locale", "os", "shutil", "tempfile"])
def test_pythons_own_modules_are_followed_to_their_end(module):
    """Long real sources parse, and nothing of them is given up."""
    content = (Path(ast.__file__).parent / f"{module}.py").read_bytes()

    reading = read_lambdas([document(f"{module}.py", content)])

    assert {finding.severity for finding in reading.findings} <= {"info"}
    assert not any("may be missing" in finding.message for finding in reading.findings)
