// The keys, on "?".
const dialog = document.querySelector("[data-help-page]");

export function openHelp() {
  if (!dialog.open) dialog.showModal();
}

dialog.querySelector("[data-close-help]").addEventListener("click", () => dialog.close());
document.querySelector("[data-open-help]")?.addEventListener("click", openHelp);
