// Enhances <form data-lead-form action="https://ROUTER/webhooks/lead" method="post">. Without this script the form posts by itself.
// Stores one thing, the lead's id, and only after consent. Settings are data-attributes: infra/docs/site-form.md.
(() => {
  "use strict";
  if (!window.fetch || !window.AbortSignal || !AbortSignal.timeout) return;
  const TEXTS = {
    sending: "Sending…",
    thanks: "Thank you. We have your message and will be in touch.",
    offline: "Not sent: no connection. What you typed is still here; press the button again.",
    busy: "Not sent yet: the server is busy. What you typed is still here; press the button again.",
    wrong: "Not sent. Please correct:",
    more: "One more question:",
    send: "Send",
    skip: "Skip",
  };
  const CLICKS = ["gclid", "fbclid", "msclkid"];
  const WAITS_MS = [300, 700, 1500, 3000, 6000];
  const TIMEOUT_MS = 15000;
  let number = 0;

  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");

  const timed = (url, options) => fetch(url, {credentials: "omit", signal: AbortSignal.timeout(TIMEOUT_MS), ...options});

  function enhance(form) {
    const data = form.dataset;
    const action = new URL(form.getAttribute("action") || "", location.href);
    const lead = new URL("/webhooks/lead", action);
    const slot = `lead-form ${action.origin}`;
    const most = data.questions === undefined ? 2 : Number(data.questions) || 0;
    const language = data.lang || document.documentElement.lang || "en";
    const say = (name) => data["text" + name[0].toUpperCase() + name.slice(1)] || TEXTS[name];
    const status = form.querySelector("[data-lead-status]") || form.appendChild(make("p", {}));
    let began = Date.now(), busy = false, last = null;
    status.setAttribute("role", "status");
    status.setAttribute("aria-live", "polite");

    // The trap is moved out of sight from here, so that a strict style-src allows it; people never reach it.
    const trap = form.appendChild(make("div", {}));
    Object.assign(trap.style, {position: "absolute", left: "-9999px", width: "1px", height: "1px", overflow: "hidden"});
    trap.setAttribute("aria-hidden", "true");
    trap.append(make("input", {type: "text", name: "_gotcha", tabIndex: -1, autocomplete: "off"}));

    const stored = (id) => {
      try {
        if (id) localStorage.setItem(slot, id);
        else if (id === null) localStorage.removeItem(slot);
        return localStorage.getItem(slot);
      } catch {
        // Storage is switched off: nobody is recognised.
        return null;
      }
    };

    function read() {
      const fields = new URLSearchParams();
      for (const [name, value] of new FormData(form)) if (typeof value === "string") fields.append(name, value);
      const add = (name, value) => value && !fields.has(name) && fields.set(name, value);
      const box = form.querySelector("input[type=checkbox][name=consent]");
      if (box) {
        fields.set("consent", String(box.checked));
        const label = box.labels && box.labels[0];
        if (label) add("consent_text", label.textContent.replace(/\s+/g, " ").trim().slice(0, 2000));
      }
      add("page", location.origin + location.pathname);
      add("referrer", document.referrer.split(/[?#]/)[0]);
      for (const [name, value] of new URLSearchParams(location.search))
        if (name.startsWith("utm_") || CLICKS.includes(name)) add(name, value.slice(0, 200));
      return fields;
    }

    const post = (url, body, key) =>
      timed(url, {method: "POST", body, headers: {
        "content-type": "application/x-www-form-urlencoded", accept: "application/json", "idempotency-key": key,
      }});

    async function send() {
      const fields = read();
      const typed = fields.toString();
      // The same words again, after a double click or a lost connection, are the same submission to the last byte.
      if (!last || last.typed !== typed) {
        fields.set("fill_time_ms", Date.now() - began);
        last = {typed, key: newKey(), body: fields.toString()};
      }
      status.textContent = say("sending");
      for (const marked of form.querySelectorAll("[aria-invalid]")) marked.removeAttribute("aria-invalid");
      let answer;
      try {
        answer = await post(action, last.body, last.key);
      } catch {
        status.textContent = say("offline");
        return;
      }
      const told = await answer.json().catch(() => ({}));
      if (answer.ok) await sent(told, fields);
      else if (answer.status >= 500 || answer.status === 429) status.textContent = say("busy");
      else refused(told);
    }

    function refused(told) {
      const wrong = told.fields || [];
      status.textContent = `${say("wrong")} ${wrong.map((one) => `${one.field}: ${one.problem}`).join("; ") || told.message || ""}`;
      const first = wrong.map((one) => form.elements.namedItem(one.field)).find((one) => one && one.focus);
      if (first) {
        first.setAttribute("aria-invalid", "true");
        first.focus();
      }
      last = null;
    }

    async function sent(told, fields) {
      stored(fields.get("consent") === "true" ? told.lead_id : null);
      form.dispatchEvent(new CustomEvent("lead-form:sent", {bubbles: true, detail: {lead_id: told.lead_id}}));
      const next = fields.get("_next") || fields.get("redirect");
      if (next && /^https?:\/\//i.test(next)) return void location.assign(next);
      form.reset();
      last = null;
      began = Date.now();
      status.textContent = say("thanks");
      const person = new URLSearchParams();
      for (const name of ["email", "phone", "country", "source"]) if (fields.get(name)) person.set(name, fields.get(name));
      // The lead is sent; a question is an extra, as is the one of the welcome below.
      if (told.lead_id) questions(told.lead_id, person).catch(() => {});
    }

    async function ask(id, before) {
      for (const ms of WAITS_MS) {
        const answer = await timed(`${lead}/${encodeURIComponent(id)}/next-question?lang=${encodeURIComponent(language)}`);
        const question = answer.ok ? (await answer.json()).question : undefined;
        if (question === null || (question && question.field !== before)) return question;
        if (!answer.ok && answer.status !== 404) return null;
        // Not decided yet, or not decided again.
        await wait(ms);
      }
      return null;
    }

    async function questions(id, person) {
      let before = null;
      for (let asked = 0; asked < most; asked++) {
        const question = await ask(id, before);
        if (!question) return;
        before = question.field;
        const answer = new URLSearchParams(person);
        answer.set(question.field, await put(question));
        answer.set("asked", question.field);
        await post(action, answer.toString(), newKey());
        status.textContent = say("thanks");
      }
    }

    const put = (question) => new Promise((done) => {
      const box = make("form", {noValidate: true});
      box.setAttribute("data-lead-question", question.field);
      const {label, input} = control(question);
      const skip = make("button", {type: "button", textContent: say("skip")});
      box.append(label, input, make("button", {type: "submit", textContent: say("send")}), skip);
      form.after(box);
      status.textContent = `${say("thanks")} ${say("more")} ${question.text}`;
      const end = (value) => {
        box.remove();
        done(value);
      };
      box.addEventListener("submit", (event) => {
        event.preventDefault();
        end(input.value);
      });
      skip.addEventListener("click", () => end(""));
    });

    function control(question) {
      const id = `lead-question-${++number}`;
      const choice = question.input === "choice";
      const input = make(choice ? "select" : "input", {id, name: question.field});
      if (choice) for (const value of ["", ...question.choices]) input.append(make("option", {value, textContent: shown(question.field, value)}));
      return {label: make("label", {htmlFor: id, textContent: question.text}), input};
    }

    function shown(field, value) {
      if (field !== "country" || !value || !Intl.DisplayNames) return value.replace(/_/g, " ");
      return new Intl.DisplayNames([language, "en"], {type: "region"}).of(value);
    }

    // Who comes back and agreed before is asked the one thing that is missing, as a field of the form.
    async function welcome() {
      const id = most > 0 && stored();
      const question = id && (await ask(id, null));
      if (!question || form.elements.namedItem(question.field)) return;
      const {label, input} = control(question);
      const line = make("p", {});
      line.setAttribute("data-lead-question", question.field);
      line.append(label, " ", input, make("input", {type: "hidden", name: "asked", value: question.field}));
      const button = form.querySelector("button:not([type=button]):not([type=reset]), input[type=submit]");
      if (button) button.before(line);
      else form.append(line);
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (busy) return;
      busy = true;
      form.setAttribute("aria-busy", "true");
      send().finally(() => {
        busy = false;
        form.removeAttribute("aria-busy");
      });
    });
    welcome().catch(() => {});
  }

  const start = () => document.querySelectorAll("form[data-lead-form]").forEach(enhance);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
