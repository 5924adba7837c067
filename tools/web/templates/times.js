// Shows each <time> in the reader's own zone, in the shapes that Slack's dates have; without a script the text stands.
const clock = new Intl.DateTimeFormat(undefined, {hour: "numeric", minute: "2-digit"});
const day = new Intl.DateTimeFormat(undefined, {day: "numeric", month: "short", year: "numeric"});
const DAY_MS = 86400000;
function pretty(at) {
  const midnight = new Date(); midnight.setHours(0, 0, 0, 0);
  const days = Math.floor((at - midnight) / DAY_MS);
  return {"-1": "yesterday", "0": "today", "1": "tomorrow"}[days] ?? day.format(at);
}
function left(at) {
  const minutes = Math.round((at - Date.now()) / 60000), size = Math.abs(minutes);
  const words = size < 60 ? size + " min" : size < 2880 ? Math.round(size / 60) + " h" : Math.round(size / 1440) + " days";
  return minutes < 0 ? words + " late" : words + " left";
}
function showTimes(root) {
  for (const time of root.querySelectorAll("time[data-format]")) {
    const at = new Date(time.dateTime);
    time.title = at.toString();
    time.textContent = time.dataset.format
      .replace(/\{time(_secs)?\}/, clock.format(at))
      .replace(/\{date[a-z_]*_pretty\}/, pretty(at))
      .replace(/\{date[a-z_]*\}/, day.format(at));
  }
  for (const time of root.querySelectorAll("time[data-left]")) {
    const at = new Date(time.dateTime);
    time.textContent = left(at);
    time.closest(".pill")?.classList.toggle("late", at < Date.now());
  }
}
showTimes(document);
