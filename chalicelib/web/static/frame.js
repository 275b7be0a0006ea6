/* Runs in our form when it stands in a page elsewhere: tells that page how tall it has become. */
(function () {
  "use strict";
  if (window.parent === window) return;
  var told = 0;
  function tell() {
    var height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height === told) return;
    told = height;
    // A height is no secret, and which page may frame this one is checked by the browser already.
    window.parent.postMessage({ bookend: "height", height: height }, "*");
  }
  new ResizeObserver(tell).observe(document.body);
  tell();
})();
