"""The rehearsal's script in a real browser, beside a stand-in for simcord's command field."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cogs.rehearsal import page

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

#: What the script looks for in simcord's page.
PARTS = """\
<div id="preview-workspace"></div><div id="action-status"></div>
<div id="channel-timeline"></div><div id="channel-message-list"></div>
"""

#: A field whose list opens whenever it is looked at, and which each choice makes anew, as in simcord's page.
FIELD = """\
<main id="form"></main>
<script>
  const form = document.getElementById("form");
  function close(field) {
    form.querySelector("ul")?.remove();
    field.removeAttribute("aria-controls");
  }
  function renew(text, looked) {
    form.innerHTML = `<input class="command-option-input" data-option="prompt" value="${text}">`;
    const field = form.firstChild;
    field.addEventListener("focus", () => {
      field.setAttribute("aria-controls", "command-suggestion-listbox");
      form.insertAdjacentHTML("beforeend", '<ul><li class="command-suggestion">a fox: at night</li></ul>');
      form.querySelector("li").addEventListener("click", ({ target }) => {
        close(field);
        renew(target.textContent, LOOKED);
      });
    });
    field.addEventListener("keydown", ({ key }) => { if (key === "Escape") close(field); });
    if (looked) field.focus();
  }
  document.addEventListener("DOMContentLoaded", () => {
    renew("a fox", true);
    form.querySelector("li").click();
    setTimeout(() => {
      const open = form.querySelector("ul") !== null, { value } = document.activeElement;
      document.body.textContent = `open: ${open}, typing in: ${value}.`;
    }, 50);
  });
</script>
"""


@pytest.mark.skipif(BROWSER is None, reason="there is no browser here")
@pytest.mark.parametrize("looked", ["true", "false"], ids=["by a key", "by a click"])
def test_a_choice_closes_its_list_so_that_enter_sends(tmp_path: Path, looked: str) -> None:
    script = (Path(page.__file__).with_name("static") / "rehearsal.js").as_uri()
    body = PARTS + FIELD.replace("LOOKED", looked) + f'<script src="{script}"></script>'
    (file := tmp_path / "page.html").write_text(body, encoding="utf-8")
    line = "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=1000", "--dump-dom"
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    shown = subprocess.run(
        [str(BROWSER), *line, profile, file.as_uri()], capture_output=True, text=True, timeout=120, check=True
    ).stdout
    assert re.findall("open: .*[.]", shown) == ["open: false, typing in: a fox: at night."]
