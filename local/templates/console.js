"use strict";

const byId = (id) => document.getElementById(id);
const zone = document.body.dataset.zone;
const seen = new Set();
let shownNumber = null;
let mailsById = new Map();
let nextDueAt = null;
let offset = 0; // how far the local clock is ahead of this browser's, in milliseconds
let drawn = { texts: "", emails: "" };
let driving = false;

const format = (options) => new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options });
const asTime = format({ hour: "numeric", minute: "2-digit" });
const asClock = format({ hour: "numeric", minute: "2-digit", second: "2-digit" });
const asDay = format({ weekday: "short", month: "short", day: "numeric" });
const asDate = format({ weekday: "long", month: "long", day: "numeric", year: "numeric" });
const asZone = format({ timeZoneName: "short" });
const moment = (at) => `${asDay.format(at)}, ${asTime.format(at)}`;

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

async function call(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, options);
  const content = await answer.json();
  if (!answer.ok) {
    const errors = (content.errors || []).map((error) => error.message).join("; ");
    throw new Error(errors || content.detail || content.title || `The answer was ${answer.status}.`);
  }
  return content;
}

function say(text, isBad) {
  byId("notice").textContent = text;
  byId("notice").classList.toggle("bad", Boolean(isBad));
}

function drawClock() {
  const now = new Date(Date.now() + offset);
  byId("time").textContent = asClock.format(now);
  const zoneName = asZone.formatToParts(now).find((part) => part.type === "timeZoneName").value;
  byId("date").textContent = `${asDate.format(now)} (${zoneName})`;
}

function drawState(state) {
  offset = new Date(state.now) - Date.now();
  nextDueAt = state.next_due_at;
  const more = state.pending - byId("next").childElementCount;
  byId("pending").textContent = state.pending === 0 ? "Nothing is waiting." : more > 0 ? `and ${more} more` : "";
  byId("to-next").disabled = driving || !nextDueAt;
  drawClock();
}

const HOW = {
  text: "text",
  email: "mail",
  task: "task",
  withdrawn: "no longer owed",
  look_up: "did it arrive?",
};

function drawDue(rows) {
  byId("next").replaceChildren(...rows.map((due) => {
    const what = due.what.replaceAll("_", " ");
    const row = make("li", "", `${what[0].toUpperCase()}${what.slice(1)} (${HOW[due.how] || due.how}) `);
    row.append(make("span", "quiet", moment(new Date(due.due_at))));
    return row;
  }));
}

const patient = (text) => (text.direction === "inbound" ? text.from : text.to);

const spelled = (number) => number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "($1) $2-$3");

function drawTexts(texts) {
  const numbers = [...new Set(texts.map(patient))];
  const newest = texts.length ? patient(texts[texts.length - 1]) : null;
  if (!numbers.includes(shownNumber)) shownNumber = newest;
  byId("phone-empty").hidden = numbers.length > 0;
  byId("number-label").hidden = numbers.length === 0;
  byId("reply").hidden = numbers.length === 0;
  byId("number").replaceChildren(...numbers.map((number) => {
    const option = make("option", "", spelled(number));
    option.value = number;
    option.selected = number === shownNumber;
    return option;
  }));
  const rows = [];
  let day = "";
  for (const text of texts.filter((each) => patient(each) === shownNumber)) {
    const at = new Date(text.at);
    if (asDay.format(at) !== day) rows.push(make("li", "day", (day = asDay.format(at))));
    const isFromPatient = text.direction === "inbound";
    const row = make("li", isFromPatient ? "out" : "in");
    const failed = ["undelivered", "failed"].includes(text.status);
    const status = `${asTime.format(at)} · ${text.status}${text.error_code ? ` (${text.error_code})` : ""}`;
    row.append(make("div", "bubble", text.body), make("div", failed ? "stamp bad" : "stamp", status));
    rows.push(row);
  }
  const thread = byId("thread");
  thread.replaceChildren(...rows);
  thread.scrollTop = thread.scrollHeight;
}

function drawMails(mails) {
  mailsById = new Map(mails.map((mail) => [mail.id, mail]));
  byId("mail-empty").hidden = mails.length > 0;
  byId("mail-count").textContent = mails.length === 1 ? "1 mail" : mails.length ? `${mails.length} mails` : "";
  byId("mails").replaceChildren(...[...mails].reverse().map((mail) => {
    const row = make("li", seen.has(mail.id) ? "" : "new");
    const button = make("button");
    button.type = "button";
    button.append(
      make("span", "subject", mail.subject),
      make("span", "to quiet", `to ${mail.to.join(", ")}`),
      make("span", "when quiet", moment(new Date(mail.sent_at))),
    );
    button.addEventListener("click", () => { location.hash = encodeURIComponent(mail.id); });
    row.append(button);
    return row;
  }));
}

function showMail(mail) {
  byId("mail-subject").textContent = mail.subject;
  byId("mail-about").textContent = `to ${mail.to.join(", ")} · ${moment(new Date(mail.sent_at))}`;
  byId("mail-frame").hidden = !mail.html;
  byId("mail-plain").open = !mail.html;
  // Replaced, not assigned: the frame's own steps would come between the page and its Back button.
  if (mail.html) byId("mail-frame").contentWindow.location.replace(`/emails/${encodeURIComponent(mail.id)}`);
  byId("mail-text").textContent = mail.text;
  byId("mail-files").replaceChildren(...mail.attachments.map((file) => {
    const details = make("details");
    details.append(make("summary", "", `Attached: ${file.name} (${file.content_type})`), make("pre", "", file.text));
    return details;
  }));
}

// The open mail is in the address, so that the browser's Back leads to the list.
function openMail() {
  const mail = mailsById.get(decodeURIComponent(location.hash.slice(1)));
  byId("mails").hidden = Boolean(mail);
  byId("mail").hidden = !mail;
  if (!mail) return;
  seen.add(mail.id);
  showMail(mail);
  drawMails([...mailsById.values()]);
  byId("back").focus({ preventScroll: true });
}

byId("back").addEventListener("click", () => { location.hash = ""; });
window.addEventListener("hashchange", openMail);

async function redraw() {
  const [state, due, texts, emails] = await Promise.all(
    ["/api/state", "/api/due", "/api/texts", "/api/emails"].map((path) => call(path)),
  );
  drawDue(due);
  drawState(state);
  for (const [name, rows, draw] of [["texts", texts, drawTexts], ["emails", emails, drawMails]]) {
    const now = JSON.stringify(rows);
    if (now === drawn[name]) continue; // what is being read does not jump
    drawn[name] = now;
    draw(rows);
  }
}

async function poll() {
  try {
    if (!driving) await redraw();
    if (byId("notice").dataset.lost) say("");
    delete byId("notice").dataset.lost;
  } catch (error) {
    byId("notice").dataset.lost = "yes";
    say("The local run does not answer. It may have been stopped.", true);
  }
  setTimeout(poll, 1000);
}

async function drive(move) {
  const buttons = document.querySelectorAll(".clock-moves button");
  driving = true;
  buttons.forEach((button) => { button.disabled = true; });
  say("Going through the time in between …");
  try {
    await call("/api/clock", move);
    say("");
  } catch (error) {
    say(error.message, true);
  }
  driving = false;
  buttons.forEach((button) => { button.disabled = false; });
  await redraw();
}

document.querySelectorAll("[data-advance]").forEach((button) => {
  button.addEventListener("click", () => drive({ advance: button.dataset.advance }));
});
byId("to-next").addEventListener("click", () => {
  // What is due already goes out at once; otherwise at the full minute that sees it.
  const due = Math.ceil(new Date(nextDueAt) / 60000) * 60000;
  const isPast = due <= Date.now() + offset;
  drive(isPast ? { advance: "PT0S" } : { to: new Date(due).toISOString() });
});

byId("number").addEventListener("change", (event) => {
  shownNumber = event.target.value;
  drawTexts(JSON.parse(drawn.texts));
});
byId("reply").addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = byId("reply-body").value.trim();
  if (!body) return;
  try {
    await call("/api/texts", { from: shownNumber, body });
    byId("reply-body").value = "";
    await redraw();
  } catch (error) {
    say(error.message, true);
  }
});

setInterval(drawClock, 1000);
poll().then(openMail);
