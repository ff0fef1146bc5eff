"""The rehearsal's script in a real browser, beside a stand-in for simcord's command field."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cogs.rehearsal import page

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no browser here")

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


#: What each press of Enter meets, at a command that needs nothing and has a list of what it might be told.
CHIP = """\
<button class="command-chip" aria-activedescendant="first"></button>
<input readonly><li id="first"></li>
<script>
  const first = document.getElementById("first"), heard = [];
  document.addEventListener("keydown", ({ target, key }) => {
    if (key === "Enter") heard.push(target.tagName + " " + first.getAttribute("aria-selected"));
  });
  document.addEventListener("DOMContentLoaded", () => {
    const presses = [["button", "Enter"], ["button", "ArrowDown", "Enter"], ["input", "Enter"]];
    for (const [where, ...keys] of presses) {
      first.setAttribute("aria-selected", "true");
      for (const key of keys) {
        document.querySelector(where).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      }
    }
    document.body.textContent = `heard: ${heard}.`;
  });
</script>
"""

#: A network that notes how much it is asked at a time, which begins before the page's own script.
NETWORK = """\
<script>
  let now = 0, most = 0;
  window.fetch = async (address) => {
    if (!address.includes("/api/assets/")) return { ok: false };
    most = Math.max(most, ++now);
    await new Promise((go) => setTimeout(go, 1));
    now -= 1;
    if (address.endsWith("3")) throw new Error("gone");
  };
  document.addEventListener("DOMContentLoaded", async () => {
    const all = [...Array(12).keys()].map((number) => fetch(`/api/assets/${number}`));
    const ended = await Promise.allSettled(all);
    document.body.textContent = `most: ${most}, ended: ${ended.length}.`;
  });
</script>
"""


def shown(tmp_path: Path, body: str) -> str:
    """What a page says in the end that has the rehearsal's script behind this."""
    script = (Path(page.__file__).with_name("static") / "rehearsal.js").as_uri()
    content = f'{PARTS}{body}<script src="{script}"></script>'
    (file := tmp_path / "page.html").write_text(content, encoding="utf-8")
    line = "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=1000", "--dump-dom"
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    ended = subprocess.run(
        [str(BROWSER), *line, profile, file.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    return str(re.sub("<.*?>", "", ended.stdout, flags=re.DOTALL)).strip()


@pytest.mark.parametrize("looked", ["true", "false"], ids=["by a key", "by a click"])
def test_a_choice_closes_its_list_so_that_enter_sends(tmp_path: Path, looked: str) -> None:
    said = shown(tmp_path, FIELD.replace("LOOKED", looked))
    assert said == "open: false, typing in: a fox: at night."


def test_enter_sends_what_needs_nothing_and_nothing_twice(tmp_path: Path) -> None:
    assert shown(tmp_path, CHIP) == "heard: BUTTON false,BUTTON true."


def test_pictures_leave_connections_to_what_is_pressed(tmp_path: Path) -> None:
    assert shown(tmp_path, NETWORK) == "most: 4, ended: 12."
