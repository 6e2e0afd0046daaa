// The search form: what is set shows as chips, a picture becomes part of the question by the field, a drop or a paste.
import { getJson, isTyping, say } from "./basics.js";
import { openHelp } from "./help.js";

const form = document.querySelector("[data-search]");

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(asked());
  });
  form.querySelector("[data-picture]").addEventListener("change", (event) => askWith(event.target.files[0]));
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      document.body.classList.toggle("dropping", name === "dragover");
      if (name === "drop") askWith(event.dataTransfer.files[0]);
    });
  }
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((each) => each.type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    askWith(file);
  });
}

export function asked() {
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string" && value !== ""));
}

function go(given) {
  location.href = `/?${given}`;
}

async function askWith(file) {
  if (!file) return;
  say("Reading the picture");
  try {
    const { picture } = await getJson("/api/pictures", { method: "POST", body: file });
    const given = asked();
    given.set("picture", picture);
    go(given);
  } catch (error) {
    say(error.message);
    form.querySelector("[data-picture]").value = "";
  }
}

document.addEventListener("keydown", (event) => {
  if (isTyping(event) || document.querySelector("dialog[open]")) return;
  if (event.key === "?") openHelp();
  else if (event.key === "/") {
    event.preventDefault();
    if (form) form.elements.text.focus();
    else location.href = "/";
  }
});
