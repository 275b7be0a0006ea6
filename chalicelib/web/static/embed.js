/* Puts the request form where this script stands, as tall as it needs to be. */
(function () {
  "use strict";
  var base = "{{base}}";
  var script = document.currentScript;
  var saidIn = "{{said}}";
  var asked = (script.dataset.lang || "").toLowerCase().split("-")[0];
  var lang = saidIn.hasOwnProperty(asked) ? asked : "en";
  var said = saidIn[lang];
  var frame = document.createElement("iframe");
  frame.src = base + "/request?embed=1&lang=" + lang;
  frame.title = said.title;
  frame.lang = lang;
  frame.style.cssText = "display:block;width:100%;height:60rem;border:0";

  var link = document.createElement("a");
  link.href = base + "/request?lang=" + lang;
  link.textContent = said.own_page;
  link.lang = lang;
  var aside = document.createElement("p");
  aside.appendChild(link);

  window.addEventListener("message", function (event) {
    if (event.source !== frame.contentWindow || new URL(base).origin !== event.origin) return;
    var told = event.data || {};
    if (told.bookend === "height" && told.height > 0 && told.height < 20000) {
      frame.style.height = Math.ceil(told.height) + "px";
    }
  });

  var loads = 0;
  frame.addEventListener("load", function () {
    loads += 1;
    // The answer to the form begins at the top, which may lie far above the button just pressed.
    if (loads > 1 && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
  });

  script.after(frame, aside);
})();
