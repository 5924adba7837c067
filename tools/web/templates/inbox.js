// Keeps the list fresh without losing what somebody is doing: an alert with an open form, a focus or typed text stays.
const list = document.getElementById("alerts");
const fresh = document.getElementById("fresh");
const said = document.getElementById("said");
let waiting = [];

function busy(article) {
  return article.contains(document.activeElement) || article.querySelector("details[open], .why:not([hidden])") !== null
    || [...article.querySelectorAll("input[type=text], input[type=date]")].some(input => input.value);
}
function show() {
  for (const article of waiting) { list.prepend(article); showTimes(article); }
  waiting = [];
  fresh.hidden = true;
  document.getElementById("empty")?.remove();
}
function offer(articles) {
  waiting = articles.reverse();  // the newest goes in last, and so to the top
  if (!waiting.length) { fresh.hidden = true; return; }
  // A list that moves under the finger presses the wrong Accept.
  const still = list.matches(":hover") || list.contains(document.activeElement) || scrollY > 80;
  if (!still || !list.querySelector("article")) { show(); return; }
  fresh.textContent = waiting.length === 1 ? "1 new alert" : waiting.length + " new alerts";
  fresh.hidden = false;
}
function merge(page) {
  const added = [];
  for (const next of page.querySelectorAll("article[data-version]")) {
    const old = document.getElementById(next.id);
    if (!old) added.push(next);
    else if (old.dataset.version !== next.dataset.version) {
      if (busy(old)) old.querySelector(".stale").hidden = false;
      else { old.replaceWith(next); showTimes(next); }
    }
  }
  const first = list.querySelector("article");
  const newest = first ? Number(first.id.split("-")[1]) : 0;
  offer(added.filter(article => Number(article.id.split("-")[1]) > newest));
}
async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(list.dataset.src, {credentials: "same-origin"});
    if (!answer.ok) throw new Error(answer.status);
    merge(new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (said.dataset.lost) { said.hidden = true; delete said.dataset.lost; }
  } catch {
    said.textContent = "The server does not answer; this page keeps trying."; said.dataset.lost = "1"; said.hidden = false;
  }
  showTimes(document);
}
async function why(link) {
  const panel = link.closest(".body").querySelector(".why");
  const open = panel.hidden;
  if (open && !panel.childElementCount) {
    const answer = await fetch(link.href + "&part=true", {credentials: "same-origin"});
    if (!answer.ok) { location.href = link.href; return; }
    panel.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
  }
  panel.hidden = !open;
  link.setAttribute("aria-expanded", String(open));
}
list.addEventListener("click", event => {
  const link = event.target.closest("a[data-why]");
  if (!link || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  why(link);
});
list.addEventListener("change", event => {
  if (event.target.name !== "until") return;
  event.target.closest("fieldset").querySelector("input[value=cover]").checked = true;
});
document.addEventListener("keydown", event => {
  if (event.key !== "Escape") return;
  const open = event.target.closest?.("details[open]");
  if (open) { open.open = false; open.querySelector("summary").focus(); }
});
fresh.addEventListener("click", () => { show(); scrollTo(0, 0); });
document.getElementById("owner")?.addEventListener("change", event => event.target.form.requestSubmit());
if (list.dataset.src) setInterval(refresh, 3000);
