// What a screen reader and a keyboard need beyond the theme: landmarks with names of their own,
// and tables that can be scrolled without a mouse.
function mend() {
  document.querySelectorAll("nav.md-code__nav").forEach((copy, at) => {
    copy.setAttribute("aria-label", `Code ${at + 1}`);
  });
  const menus = document.querySelectorAll("nav.md-nav--primary");
  menus.forEach((menu) => menu.setAttribute("aria-label", "Site"));
  document.querySelectorAll("nav.md-nav--secondary").forEach((toc, at) => {
    toc.setAttribute("aria-label", at ? `On this page, ${at + 1}` : "On this page");
    toc.removeAttribute("aria-labelledby");
  });
  for (const table of document.querySelectorAll(".md-typeset__scrollwrap")) table.tabIndex = 0;
}
new MutationObserver(mend).observe(document, { childList: true, subtree: true });
document.addEventListener("DOMContentLoaded", mend);
