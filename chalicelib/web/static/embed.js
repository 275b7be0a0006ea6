/* Puts the request form where this script stands. Without scripts the page shows a plain link. */
(function () {
  "use strict";
  var base = "{{base}}";
  var script = document.currentScript;
  var frame = document.createElement("iframe");
  frame.src = base + "/request?embed=1" + (script.dataset.lang === "es" ? "&lang=es" : "");
  frame.title = "Request an appointment";
  frame.loading = "lazy";
  frame.referrerPolicy = "no-referrer";
  frame.style.cssText = "width:100%;min-height:1900px;border:0;color-scheme:light dark";
  var link = document.createElement("p");
  var anchor = document.createElement("a");
  anchor.href = base + "/request";
  anchor.textContent = "Open the form on its own page";
  link.appendChild(anchor);
  script.parentNode.insertBefore(frame, script.nextSibling);
  frame.insertAdjacentElement("afterend", link);
})();
