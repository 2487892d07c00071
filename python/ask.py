"""Runs a script up to where it parses its arguments, and prints which options it declared, as JSON.

usage: python -c PROGRAM SCRIPT MODULE ARGUMENT...

MODULE is the dotted name where the script is run as a module, else empty. The script sees its ARGUMENTs and --help; what it
prints goes nowhere; it ends where its arguments are parsed.
"""

import json
import os
import sys

GRACE_S = 5  # for another parser, once one that knows no --help was used

out = os.dup(1)
null = os.open(os.devnull, os.O_RDWR)
os.dup2(null, 1)
os.dup2(null, 2)
answer = {"library": None, "options": [], "error": None, "files": [], "folders": []}


def text_of(value):
    return str(value).encode("utf-8", "replace").decode("utf-8")


def plain(value):
    """A value as JSON holds it; others as {"$text": …}, and what has no spelling as {"$object": …}."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return text_of(value.value if hasattr(value, "value") else value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {text_of(key): plain(item) for key, item in value.items()}
    text = text_of(value)
    return {"$object": text} if text.startswith("<") or callable(value) else {"$text": text}


def local_files():
    here = {os.path.dirname(os.path.abspath(sys.argv[0])), os.getcwd()}
    found = []
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if not isinstance(path, str) or "site-packages" in path or "dist-packages" in path:
            continue
        path = os.path.abspath(path)
        if path.endswith(".py") and any(path.startswith(folder + os.sep) for folder in here):
            found.append(path)
    return sorted(set(found))


def finish():
    answer["files"] = local_files()
    data = json.dumps(answer).encode()
    while data:
        data = data[os.write(out, data):]
    os._exit(0)


def choices_of(value):
    if value is None:
        return None
    try:
        return [plain(item) for item in value]
    except TypeError:
        return None


# ---- argparse, and the parsers made on top of it ----


def type_of(function):
    names = {str: "string", int: "int", float: "float", bool: "boolean"}
    if function is None:
        return None
    try:
        if function in names:
            return names[function]
    except TypeError:
        pass
    module = getattr(function, "__module__", "") or ""
    name = getattr(function, "__name__", "") or type(function).__name__
    if module.startswith(("transformers.", "simple_parsing.")) and name in ("string_to_bool", "str2bool"):
        return "true-false"
    if "lightning" in module:
        return "lightning:" + name
    return "?" + name


def action_of(action):
    import argparse

    names = {
        argparse._StoreAction: "store",
        argparse._StoreTrueAction: "store_true",
        argparse._StoreFalseAction: "store_false",
        getattr(argparse, "BooleanOptionalAction", None): "boolean_optional",
    }
    kind = type(action)
    if kind.__module__.startswith("simple_parsing") and "Boolean" in kind.__name__:
        return "true-false"
    return names.get(kind, "other")


def is_negation(action, actions):
    """--no_x that an annotated class adds beside its --x."""
    return type(action).__name__ == "_StoreFalseAction" and any(
        other is not action and other.dest == action.dest and type_of(other.type) == "true-false"
        for other in actions
    )


def help_of(action):
    """Without the place holder that simple-parsing keeps where there is no help."""
    text = None if action.help is None else text_of(action.help)
    return None if text and text.startswith("<__TEMP__>") else text


def record_parser(parser):
    answer["options"] = [
        {
            "names": [text_of(name) for name in action.option_strings],
            "dest": text_of(action.dest),
            "action": action_of(action),
            "nargs": plain(action.nargs),
            "default": plain(action.default),
            "type": type_of(action.type),
            "choices": choices_of(action.choices),
            "required": bool(action.required),
            "help": help_of(action),
        }
        for action in parser._actions
        if action.option_strings and not is_negation(action, parser._actions)
    ]
    answer["library"] = "argparse"


def watch():
    import threading

    timer = threading.Timer(GRACE_S, finish)
    timer.daemon = True
    timer.start()


def patch_argparse(module):
    parse = module.ArgumentParser.parse_known_args

    def parse_known_args(self, *args, **kwargs):
        if answer["library"] is None:
            watch()
        record_parser(self)
        return parse(self, *args, **kwargs)

    module.ArgumentParser.parse_known_args = parse_known_args
    module.ArgumentParser.exit = lambda *_: finish()
    module.ArgumentParser.error = lambda *_: finish()
    module.ArgumentParser.print_help = lambda *_, **__: finish()


# ---- click and typer ----


def choose_command(command, words):
    while hasattr(command, "get_command"):
        context = command.context_class(command, info_name="script", resilient_parsing=True)
        _, rest, _ = command.make_parser(context).parse_args(list(words))
        chosen = command.get_command(context, rest[0]) if rest else None
        if chosen is None:
            break
        command, words = chosen, rest[1:]
    return command


def click_default(param, is_flag):
    """Newer releases mark what was not given; a flag that was not given is off."""
    if "UNSET" in repr(param.default):
        return False if is_flag else None
    return None if callable(param.default) else plain(param.default)


def click_type(param):
    """Name of the type and its choices; newer releases of typer keep the annotation in its place."""
    import enum
    import typing

    kinds = {
        "integer": "int",
        "integer range": "int",
        "float": "float",
        "float range": "float",
        "text": "string",
        "boolean": "boolean",
    }
    kind = getattr(param, "type", None)
    if kind is not None:
        is_raw = "Unprocessed" in type(kind).__name__
        return None if is_raw else kinds.get(kind.name), choices_of(getattr(kind, "choices", None))
    kind = param.type_descriptor.annotation
    if param.multiple:
        kind = (typing.get_args(kind) or (str,))[0]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return None, [plain(member.value) for member in kind]
    if typing.get_origin(kind) is getattr(typing, "Literal", ()):
        return None, choices_of(typing.get_args(kind))
    names = {str: "string", int: "int", float: "float", bool: "boolean"}
    return names.get(kind), None


def click_option(param):
    kind, choices = click_type(param)
    flag_value = getattr(param, "flag_value", None)
    is_flag = bool(getattr(param, "is_flag", False))
    return {
        "names": list(param.opts),
        "off": list(param.secondary_opts),
        "default": click_default(param, is_flag),
        "type": kind,
        "choices": choices,
        "required": bool(param.required),
        "help": None if getattr(param, "help", None) is None else text_of(param.help),
        "is_flag": is_flag,
        "is_flag_value": is_flag and isinstance(flag_value, (str, int)) and flag_value not in (True, False),
        "is_count": bool(getattr(param, "count", False)),
        "is_multiple": bool(getattr(param, "multiple", False)),
        "nargs": param.nargs,
    }


def record_command(command, args=None):
    words = list(sys.argv[1:] if args is None else args)
    words = [word for word in words if word != "--help"]
    command = choose_command(command, words)
    answer["options"] = [
        click_option(param)
        for param in command.params
        if param.param_type_name == "option"
        and param.name not in ("install_completion", "show_completion")
    ]
    answer["library"] = "click"
    finish()


def patch_click(module):
    base = getattr(module, "BaseCommand", None) or module.Command
    for name in ("BaseCommand", "Command", "MultiCommand", "Group"):
        kind = module.__dict__.get(name)
        if kind is not None and "main" in vars(kind):
            kind.main = lambda self, args=None, *_, **__: record_command(self, args)
    base.main = lambda self, args=None, *_, **__: record_command(self, args)
    base.__call__ = lambda self, *args, **kwargs: self.main(*args, **kwargs)


def patch_typer(module):
    get_command = module.get_command
    module.Typer.__call__ = lambda self, *_, **__: record_command(get_command(self))


# ---- absl ----


def absl_help(flag):
    """The text that was given: absl puts the choices before it and a remark on repeating after it."""
    text = text_of(flag.help or "")
    if text.startswith("<") and ">: " in text and hasattr(flag.parser, "enum_values"):
        text = text.split(">: ", 1)[1]
    return text.split(";\n    repeat this option", 1)[0] or None


def absl_option(flag):
    parser = type(flag.parser).__name__
    kinds = {"IntegerParser": "int", "FloatParser": "float", "BooleanParser": "boolean"}
    names = [kind.__name__ for kind in type(flag).__mro__]
    texts = ("ArgumentParser", "ListParser", "CsvListSerializer", "WhitespaceSeparatedListParser")
    default = flag.default
    if isinstance(default, (list, tuple)) and "MultiFlag" not in names:
        default = (" " if parser.startswith("White") else ",").join(map(str, default))
    choices = getattr(flag.parser, "enum_values", None)
    if hasattr(flag.parser, "enum_class"):
        choices = [name.lower() for name in flag.parser.enum_class.__members__]
        default = getattr(default, "name", default)
        default = default.lower() if isinstance(default, str) else default
    return {
        "names": ["--" + flag.name],
        "default": plain(default),
        "type": kinds.get(parser, "string" if parser in texts else None),
        "choices": choices_of(choices),
        "required": any("other than None" in (v.message or "") for v in flag.validators),
        "help": absl_help(flag),
        "is_multiple": "MultiFlag" in names,
    }


def record_flags(values):
    found = {}
    for module, flags in values.flags_by_module_dict().items():
        path = getattr(sys.modules.get(module), "__file__", None) or ""
        if module.startswith("absl.") or "site-packages" in path or "dist-packages" in path:
            continue
        for flag in flags:
            found[flag.name] = absl_option(flag)
    answer["options"] = list(found.values())
    answer["library"] = "absl"
    finish()


def patch_absl_app(module):
    module.run = lambda *_, **__: record_flags(sys.modules["absl.flags"].FLAGS)


def patch_absl_flags(module):
    module.FlagValues.__call__ = lambda self, *_, **__: record_flags(self)


# ---- Fire and tyro ----


def fire_option(parameter):
    import inspect

    names = {str: "string", int: "int", float: "float", bool: "boolean"}
    default = parameter.default
    is_required = default is inspect.Parameter.empty
    default = None if is_required else default
    kind = names.get(parameter.annotation)
    if parameter.annotation is inspect.Parameter.empty and default is not None:
        kinds = {bool: "boolean", int: "number", float: "number", str: "string"}
        kind = kinds.get(type(default))
    if isinstance(default, (list, tuple, dict, set)):
        default = repr(default)
    return {
        "names": ["--" + parameter.name],
        "default": plain(default),
        "type": kind,
        "required": is_required,
    }


def record_fire(component=None, *_, **__):
    import inspect

    words = [word.replace("-", "_") for word in sys.argv[1:] if not word.startswith("-")]
    options = {}
    if component is None:
        component = dict(vars(sys.modules["__main__"]))
    while True:
        if inspect.isroutine(component) or inspect.isclass(component):
            for name, parameter in inspect.signature(component).parameters.items():
                if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                    if name != "self":
                        options[name] = fire_option(parameter)
        if inspect.isroutine(component) or not words:
            break
        word = words.pop(0)
        component = component.get(word) if isinstance(component, dict) else getattr(component, word, None)
    answer["library"] = "fire"
    answer["options"] = list(options.values())
    finish()


def patch_fire(module):
    module.Fire = record_fire


def tyro_option(action):
    """tyro parses by itself: what it means is in the texts it would show."""
    import re

    kinds = {"INT": int, "FLOAT": float, "STR": str}
    names = {"INT": "int", "FLOAT": "float", "STR": "string"}
    words = re.findall(r"\b[A-Z]+\b", action.metavar or "")
    metavar = words[0] if words else None
    found = re.search(r"\s*\((?:default: (.*)|required)\)$", action.help or "", re.S)
    default = found.group(1) if found else None
    default = None if default == "None" else default
    is_switch = any("no-" in name for name in action.option_strings[1:])
    if is_switch:
        default = action.default
    elif default is not None and action.nargs == 1:
        import ast

        try:
            default = kinds.get(metavar, str)(ast.literal_eval(default))
        except (ValueError, SyntaxError):
            pass
    return {
        "names": list(action.option_strings),
        "action": "boolean_switch" if is_switch else "store",
        "nargs": None if action.nargs in (0, 1) else plain(action.nargs),
        "default": default,
        "type": "boolean" if is_switch else None if action.choices else names.get(metavar),
        "choices": choices_of(action.choices),
        "required": bool(action.required),
        "help": text_of((action.help or "")[: found.start() if found else None]),
    }


def patch_tyro(module):
    def cli(function, *_, **kwargs):
        kept = {k: v for k, v in kwargs.items() if k in ("default", "config", "prog", "description")}
        parser = module.extras.get_parser(function, **kept)
        answer["options"] = [
            tyro_option(action)
            for action in parser._actions
            if action.option_strings and "--help" not in action.option_strings
        ]
        answer["library"] = "argparse"
        finish()

    module.cli = cli


# ---- running the script ----

PATCHES = {
    "absl.app": patch_absl_app,
    "absl.flags": patch_absl_flags,
    "click.core": patch_click,
    "fire": patch_fire,
    "typer.main": patch_typer,
    "tyro": patch_tyro,
}


class Patcher:
    """Patches a library right after the script has imported it."""

    def find_spec(self, name, path=None, target=None):
        import importlib.util

        if name not in PATCHES:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            sys.meta_path.insert(0, self)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            PATCHES[name](module)

        spec.loader.exec_module = exec_module
        return spec


def run(script, module, args):
    import argparse
    import runpy
    import types

    patch_argparse(argparse)
    sys.meta_path.insert(0, Patcher())
    sys.argv = [script] + args + ["--help"]
    if module:
        sys.path[0] = os.getcwd()
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    main = types.ModuleType("__main__")
    main.__file__ = script
    main.__builtins__ = __builtins__
    sys.modules["__main__"] = main
    with open(script, "rb") as source:
        code = compile(source.read(), script, "exec")
    exec(code, main.__dict__)


def install_folders():
    import sysconfig

    paths = sysconfig.get_paths()
    return sorted({paths["purelib"], paths["platlib"]})


try:
    answer["folders"] = install_folders()
    run(sys.argv[1], sys.argv[2], sys.argv[3:])
except SystemExit:
    pass
except BaseException as error:
    answer["error"] = text_of("%s: %s" % (type(error).__name__, error))
finish()
