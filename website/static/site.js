// The theme names its search buttons otherwise than they read.
for (const button of document.querySelectorAll(".search-button__button[aria-label]")) {
  button.removeAttribute("aria-label");
}
