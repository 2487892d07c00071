"""Executes a notebook in place: guild_notebook.py NOTEBOOK [--no-exec] [--html-no-input]

Runs on the Jupyter packages of the interpreter it is started with. Output is printed as the kernel sends it, the notebook is
saved after each cell, and NAME.html is written at the end where nbconvert is there.
"""

import asyncio
import base64
import inspect
import os
import re
import signal
import sys

COLORS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
NATIVE = "guild-python"


def say(level, text):
    print(f"guild: {level}{text}", file=sys.stderr, flush=True)


def fail(text):
    say("", text)
    sys.exit(1)


if "--no-exec" in sys.argv[2:] or os.environ.get("NB_NO_EXEC") == "1":
    sys.exit(0)

missing = []
for package in ("nbformat", "nbclient", "jupyter_client"):
    try:
        __import__(package)
    except ImportError:
        missing.append(package.replace("_", "-"))
if missing:
    fail(
        f"cannot execute the notebook: {', '.join(missing)} "
        f"{'is' if len(missing) == 1 else 'are'} not installed for {sys.executable}\n"
        f"hint: {sys.executable} -m pip install nbclient ipykernel nbconvert"
    )

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError


class KernelSpecs(KernelSpecManager):
    """The user's kernels, and the interpreter of this run."""

    def get_kernel_spec(self, name):
        if name != NATIVE:
            return super().get_kernel_spec(name)
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
        return KernelSpec(argv=argv, display_name="Python", language="python")


def kernel_of(notebook):
    """The kernel to start: the notebook's own; a Python notebook gets the interpreter of the run."""
    spec = notebook.metadata.get("kernelspec", {})
    name = spec.get("name") or ""
    language = spec.get("language") or notebook.metadata.get("language_info", {}).get("name") or "python"
    is_python = language.lower() in ("python", "ipython")
    if is_python and name in ("", "python", "python2", "python3"):
        return NATIVE
    try:
        KernelSpecs().get_kernel_spec(name)
        return name
    except NoSuchKernel:
        if is_python:
            say("note: ", f"kernel '{name}' is not installed: {sys.executable} is used")
            return NATIVE
    names = ", ".join(sorted(KernelSpecs().find_kernel_specs())) or "none"
    return fail(f"kernel '{name}' ({language}) is not installed (installed: {names})")


class Printer:
    """Prints what a kernel sends and saves its images."""

    def __init__(self, stem):
        self.stem = stem
        self.saves_images = os.environ.get("NB_NO_IMAGES") != "1"
        self.is_in_line = set()  # streams whose last line is not ended
        self.images = {}
        self.shown = {}
        self.displays = {}

    def write(self, stream, text):
        stream.write(text)
        stream.flush()
        if text:
            change = self.is_in_line.discard if text.endswith("\n") else self.is_in_line.add
            change(stream)

    def write_line(self, stream, text):
        self.write(stream, ("\n" if stream in self.is_in_line else "") + text + "\n")

    def save_image(self, data, count, display):
        if "image/png" not in data or not self.saves_images:
            return
        name = self.displays.get(display)
        if name is None:
            at = self.images.get(count, 0)
            self.images[count] = at + 1
            name = f"{self.stem}_{count}_{at}.png"
            if display:
                self.displays[display] = name
        with open(name, "wb") as file:
            file.write(base64.b64decode(data["image/png"]))

    def show(self, content, count, is_update):
        """Text of displayed objects that have no richer form than text; updates where they changed."""
        data = content["data"]
        display = (content.get("transient") or {}).get("display_id")
        self.save_image(data, count, display)
        text = data.get("text/plain")
        is_rich = any(kind.startswith(("image/", "application/vnd.", "video/", "audio/")) for kind in data)
        if text is None or is_rich or (is_update and self.shown.get(display) == text):
            return
        if display:
            self.shown[display] = text
        self.write_line(sys.stdout, "".join(text))

    def message(self, message, count):
        content = message["content"]
        kind = message["msg_type"]
        if kind == "stream":
            self.write(sys.stderr if content["name"] == "stderr" else sys.stdout, content["text"])
        elif kind in ("display_data", "update_display_data"):
            self.show(content, count, kind != "display_data")
        elif kind == "execute_result":
            self.save_image(content["data"], content.get("execution_count") or count, None)
            text = "".join(content["data"].get("text/plain", ""))
            self.write_line(sys.stdout, f"Out[{content.get('execution_count')}]: {text}")
        elif kind == "error":
            text = "\n".join(content["traceback"]) or f"{content['ename']}: {content['evalue']}"
            if not sys.stderr.isatty():
                text = COLORS.sub("", text)
            self.write_line(sys.stderr, text.rstrip("\n"))


class Client(NotebookClient):
    """A client that prints, saves after each cell and leaves signals to the kernel."""

    def __init__(self, notebook, path, kernel):
        super().__init__(notebook, timeout=None, kernel_name=kernel, resources={"metadata": {"path": os.getcwd()}})
        self.path = path
        self.printer = Printer(os.path.splitext(path)[0])
        self.caught = 0

    def create_kernel_manager(self):
        self.km = AsyncKernelManager(kernel_name=self.kernel_name, kernel_spec_manager=KernelSpecs())
        return self.km

    async def async_start_new_kernel_client(self):
        started = await super().async_start_new_kernel_client()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.on_signal, number)
        return started

    def on_signal(self, number):
        """Ctrl-C interrupts the cell; a second one, and any other signal, ends the kernel."""
        is_first = not self.caught
        self.caught = number
        action = self.km.interrupt_kernel if is_first and number == signal.SIGINT else self.kill_kernel
        result = action()
        if inspect.isawaitable(result):
            self.pending = asyncio.ensure_future(result)

    def kill_kernel(self):
        return self.km.shutdown_kernel(now=True)

    async def async_execute_cell(self, cell, cell_index, **options):
        if self.caught:
            raise KeyboardInterrupt
        try:
            return await super().async_execute_cell(cell, cell_index, **options)
        finally:
            if cell.cell_type == "code":
                self.save()

    def process_message(self, message, cell, cell_index):
        result = super().process_message(message, cell, cell_index)
        self.printer.message(message, cell.get("execution_count") or self.code_cells_executed)
        return result

    def save(self):
        temporary = f".{self.path}.part"
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(nbformat.writes(self.nb))
            file.write("\n")
        os.replace(temporary, self.path)


def save_html(notebook, path, hides_input):
    try:
        from nbconvert import HTMLExporter
    except ImportError:
        say("note: ", "no HTML is written: nbconvert is not installed")
        return
    try:
        exporter = HTMLExporter(exclude_input=hides_input)
        exporter.log.setLevel("ERROR")
        text, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": os.path.splitext(path)[0]}})
    except Exception as e:  # whatever a template does: the run itself went well
        say("note: ", f"no HTML is written: {type(e).__name__}: {e}")
        return
    with open(os.path.splitext(path)[0] + ".html", "w", encoding="utf-8") as file:
        file.write(text)


def end_by(number):
    """Ends as a program does that has no handler."""
    sys.stdout.flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def main(path, *options):
    notebook = nbformat.read(path, as_version=4)
    kernel = kernel_of(notebook)
    if kernel == NATIVE:
        try:
            import ipykernel  # noqa: F401
        except ImportError:
            fail(
                f"cannot execute the notebook: ipykernel is not installed for {sys.executable}\n"
                f"hint: {sys.executable} -m pip install ipykernel"
            )
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    client = Client(notebook, path, kernel)
    code = 0
    is_worth_showing = True
    try:
        asyncio.run(client.async_execute())
    except CellExecutionError:
        code = 1
    except DeadKernelError:
        code = 1
        is_worth_showing = False
        if not client.caught:
            say("", "the kernel died")
    except (KeyboardInterrupt, RuntimeError, asyncio.CancelledError) as e:
        code = 1
        is_worth_showing = False
        if not client.caught:
            say("", f"the notebook cannot be executed: {e}")
    client.save()
    if client.caught:
        end_by(client.caught)
    if is_worth_showing:
        save_html(notebook, path, "--html-no-input" in options)
    return code


if __name__ == "__main__":
    sys.path[:1] = []  # the folder of this program is nobody's
    sys.exit(main(*sys.argv[1:]))
