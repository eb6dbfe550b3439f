// The ledger: filters, and links that open the claim they lead to. Without scripts all rows are shown.
const form = document.querySelector(".filter");
if (form) {
  const claims = [...document.querySelectorAll("details.claim")];
  const sections = [...document.querySelectorAll("details.section")];
  const title = (section) => section.querySelector("summary b").textContent;
  const show = () => {
    const { verdict, section, lesson } = Object.fromEntries(new FormData(form));
    let count = 0;
    for (const box of sections) {
      let some = false;
      for (const claim of box.querySelectorAll("details.claim")) {
        const fits = (!verdict || claim.dataset.verdict === verdict)
          && (!lesson || claim.dataset.lesson === lesson) && (!section || title(box) === section);
        claim.hidden = !fits;
        some ||= fits;
        count += fits;
      }
      box.hidden = !some;
    }
    form.querySelector("output").textContent = `${count} of ${claims.length}`;
  };
  const open = () => {
    const claim = document.getElementById(location.hash.slice(1).toUpperCase());
    if (!claim?.matches("details.claim")) return;
    if (claim.hidden) form.reset();
    show();
    claim.open = claim.parentElement.open = true;
    claim.scrollIntoView({ block: "center" });
  };
  for (const [name, value] of new URLSearchParams(location.search))
    if (form.elements[name]) form.elements[name].value = value;
  form.addEventListener("change", () => {
    const chosen = [...new FormData(form)].filter(([, value]) => value);
    history.replaceState(null, "", `?${new URLSearchParams(chosen)}`);
    show();
  });
  addEventListener("hashchange", open);
  form.hidden = false;
  show();
  open();
}
// Boxes that scroll sideways must be reachable by keyboard.
const wide = ".cell_output .text_html, .pst-scrollable-table-container, div.highlight pre";
for (const box of document.querySelectorAll(wide))
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
