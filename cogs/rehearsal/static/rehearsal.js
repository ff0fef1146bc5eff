// The sidebar: simcord's page shows one channel, the one named behind the # of its address, to one person.
"use strict";

let session = null;
let tree = [];
const home = document.currentScript.dataset.home;
const here = () => location.hash.slice(1);
if (!here()) history.replaceState(null, "", `#${home}`); // before simcord's own script looks there

const seen = (channel) => BigInt(channel.last) <= BigInt(localStorage.getItem(`seen:${channel.id}`) ?? 0);

function channelLink(channel) {
  const link = document.createElement("a");
  link.href = `#${channel.id}`;
  link.textContent = channel.name;
  link.classList.toggle("thread", channel.thread);
  if (channel.id === here()) {
    link.setAttribute("aria-current", "page");
    localStorage.setItem(`seen:${channel.id}`, channel.last);
  }
  link.classList.toggle("unread", !seen(channel));
  return link;
}

function personButton(person) {
  const picker = document.getElementById("viewer-picker");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = person.name;
  button.setAttribute("aria-pressed", String(picker.value === person.id));
  button.addEventListener("click", () => {
    picker.value = person.id;
    picker.dispatchEvent(new Event("change"));
  });
  return button;
}

// Replace children only when they differ, so that a click never falls between two redraws.
function show(parent, children) {
  const drawn = children.map((child) => child.outerHTML).join("");
  if (parent.dataset.drawn === drawn) return;
  parent.dataset.drawn = drawn;
  parent.replaceChildren(...children);
  parent.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

async function look(channels, people) {
  const answer = await fetch("/rehearsal/meadow.json").catch(() => null);
  if (!answer?.ok) return; // closed for now
  const meadow = await answer.json();
  session ??= meadow.session;
  if (session !== meadow.session) return location.reload(); // the bot has restarted
  tree = meadow.channels;
  const current = tree.find((channel) => channel.id === here());
  if (!current) location.hash = home; // another world than when the page was opened
  document.title = `${current?.name ?? "…"} · ${meadow.name}`;
  show(channels, meadow.channels.map(channelLink));
  show(people, meadow.people.map(personButton));
}

document.addEventListener("DOMContentLoaded", () => {
  const sidebar = document.createElement("aside");
  sidebar.className = "meadow";
  sidebar.innerHTML = `<h1>Fox Meadow</h1><nav aria-label="Channels"></nav><p>You are</p>
    <div role="group" aria-label="You are"></div>`;
  sidebar.append(document.getElementById("action-status"));
  document.getElementById("preview-workspace").prepend(sidebar);
  const parts = [sidebar.querySelector("nav"), sidebar.querySelector("div")];
  look(...parts);
  setInterval(look, 500, ...parts);
});

// Whoever is chosen goes along to the next channel, and is still there after a restart of bot or browser.
// Captured: simcord's own listener empties the picker.
const chosen = ({ target }) => {
  if (target.id === "viewer-picker") document.cookie = `viewer=${target.value}; Max-Age=31536000; SameSite=Strict`;
};
document.addEventListener("change", chosen, { capture: true });

// What is new is below, as in Discord: a channel opens there, and whoever sends something sees what comes of it,
// until they look elsewhere.
let following = true;
document.addEventListener("submit", () => { following = true; }, { capture: true });
document.addEventListener("DOMContentLoaded", () => {
  const timeline = document.getElementById("channel-timeline");
  const toTheEnd = () => { if (following) timeline.scrollTop = timeline.scrollHeight; };
  const growing = new ResizeObserver(toTheEnd);
  growing.observe(timeline);
  growing.observe(document.getElementById("channel-message-list"));
  for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    timeline.addEventListener(kind, () => { following = false; }, { passive: true });
  }
});

// Threads open where Discord would open them: below the message they began on, whose id they have, and at
// their mention, which here is only a name.
document.addEventListener("click", ({ target }) => {
  const message = target.closest(".thread-summary")?.closest("[data-message-id]");
  const mention = target.closest(".mention")?.textContent;
  const channel = message?.dataset.messageId ?? tree.findLast(({ name }) => `#${name}` === mention)?.id;
  if (channel) location.hash = channel;
});

// A browser has six connections to one place, and a picture that nobody has seen takes a while to be made ready:
// two of them are left to what is pressed.
const PICTURES = 4;
const plainFetch = window.fetch;
const waiting = [];
let loading = 0;
window.fetch = async (resource, options) => {
  if (!String(resource.url ?? resource).includes("/api/assets/")) return plainFetch(resource, options);
  while (loading >= PICTURES) await new Promise((go) => waiting.push(go));
  loading += 1;
  try {
    return await plainFetch(resource, options);
  } finally {
    loading -= 1;
    waiting.shift()?.();
  }
};

// A choice closes its list, and Enter then sends, as in Discord: simcord opens the list again, in which Enter would
// choose once more, or, after a click on a choice, looks nowhere at all.
document.addEventListener("click", ({ target }) => {
  if (!target.closest?.(".command-suggestion")) return;
  const option = document.querySelector('[aria-controls="command-suggestion-listbox"]')?.dataset.option;
  if (option) setTimeout(closeList, 0, option); // simcord's own listener first
}, { capture: true });

function closeList(option) {
  const elsewhere = document.activeElement?.dataset.option ?? option;
  if (elsewhere !== option) return; // the choice led to the next that is needed
  const typed = document.querySelector(`.command-option-input[data-option="${CSS.escape(option)}"]`);
  const field = typed ?? document.querySelector(".command-chip"); // whoever is chosen is a name, and no field
  field?.focus();
  field?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
}

// Enter sends a command that needs nothing, unless somebody walks through the list of what it might be told; and
// while a command is on its way, Enter does not choose anew, after which simcord would keep the command.
let walked = false;
document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (key.startsWith("Arrow")) walked = true;
  if (key !== "Enter") return;
  if (target.readOnly) {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else if (target.matches?.(".command-chip") && !walked) {
    const first = document.getElementById(target.getAttribute("aria-activedescendant") ?? "");
    first?.setAttribute("aria-selected", "false");
  }
  walked = false;
}, { capture: true });
