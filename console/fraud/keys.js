// Keys of the analyst's pages. All that they do, a button or a link does too.
const rows = () => [...document.querySelectorAll("[data-row]")];
const typing = (e) => /^(INPUT|TEXTAREA|SELECT)$/.test(e.tagName) && e.type !== "checkbox";

function move(step) {
  const all = rows(), links = all.map((row) => row.querySelector("a"));
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step;
  if (links[next]) {
    links[next].focus();
    all[next].scrollIntoView({ block: "nearest" });
  }
}

function press(control) {
  const form = control.form;
  // A decision says why: the key leads there first.
  const asks = form && !control.formNoValidate ? [...form.elements] : [];
  const empty = asks.find((e) => e.required && !e.value.trim());
  if (empty) empty.focus();
  else control.click();
}

document.addEventListener("keydown", (event) => {
  const help = document.querySelector("#keys");
  if (event.key === "Escape" && help) help.open = false;
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "x") {
    const row = rows().find((each) => each.contains(document.activeElement));
    row?.querySelector("[type=checkbox]")?.click();
  } else if (event.key === "?") {
    if (help) help.open = !help.open;
  } else {
    const control = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!control) return;
    event.preventDefault();
    press(control);
  }
});
