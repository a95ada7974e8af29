// Journey for web pages: what happens in the page becomes events.
//
//   <script>window.journey = window.journey || []</script>
//   <script async src="https://HOST/j.js" data-key="KEY"></script>
//
// journey.push(["track", "Cart Updated", {total: 3}]) works before and after
// this file has been loaded; afterwards also journey.track("Cart Updated", …).
(function () {
  "use strict";
  var script = document.currentScript;
  var early = window.journey || [];
  if (!script || early.loaded) return;
  var host = script.getAttribute("data-host") || script.src.replace(/\/j\.js.*$/, "");
  var key = script.getAttribute("data-key");
  // Whoever asks not to be followed is known for this visit alone.
  var gpc = navigator.globalPrivacyControl === true;
  var store = storage();
  var tries = 0, timer = 0, sending = false;

  // storage is what keeps texts by name; memory where the browser refuses.
  function storage() {
    try {
      var s = gpc ? sessionStorage : localStorage;
      s.setItem("journey.test", "1");
      s.removeItem("journey.test");
      return s;
    } catch (e) {
      var m = {};
      return {
        getItem: function (k) { return k in m ? m[k] : null; },
        setItem: function (k, v) { m[k] = v; },
        removeItem: function (k) { delete m[k]; },
        key: function (i) { return Object.keys(m)[i]; },
        get length() { return Object.keys(m).length; }
      };
    }
  }

  function uuid() {
    if (window.crypto && crypto.randomUUID) return crypto.randomUUID();
    var b = new Uint8Array(16);
    if (window.crypto) crypto.getRandomValues(b);
    else for (var i = 0; i < 16; i++) b[i] = Math.random() * 256;
    return Array.prototype.map.call(b, function (n) { return (n + 256).toString(16).slice(1); }).join("");
  }

  // anonymous is this browser's id, also in a cookie: some browsers forget one
  // of the two sooner, and the cookie holds for all of the site's hosts.
  function anonymous() {
    var id = store.getItem("journey.id");
    if (!id && !gpc) {
      var m = /(?:^|; )journey_id=([\w-]+)/.exec(document.cookie);
      id = m && m[1];
    }
    return remember(id || uuid());
  }
  function remember(id) {
    store.setItem("journey.id", id);
    if (!gpc) {
      var domain = script.getAttribute("data-cookie-domain");
      document.cookie = "journey_id=" + id + "; path=/; max-age=31536000; samesite=lax" +
        (domain ? "; domain=" + domain : "") + (location.protocol === "https:" ? "; secure" : "");
    }
    return id;
  }

  function context(more) {
    var c = {
      page: { url: location.href, path: location.pathname, title: document.title, referrer: document.referrer },
      locale: navigator.language,
      library: { name: "journey.js", version: "1" }
    };
    try { c.timezone = Intl.DateTimeFormat().resolvedOptions().timeZone; } catch (e) { /* an old browser */ }
    if (gpc) {
      c.gpc = true;
      c.page.url = location.origin + location.pathname;
      c.page.referrer = "";
    }
    for (var k in more) c[k] = more[k];
    return c;
  }

  // Each event waits in a place of its own until the server has it, so that
  // tabs do not overwrite each other's. An event sent twice counts once: the
  // server knows it by its id.
  var prefix = "journey.q.", most = 200;
  function waiting() {
    var list = [];
    for (var i = 0; i < store.length; i++) {
      var k = store.key(i);
      if (k && k.indexOf(prefix) === 0) {
        try {
          var e = JSON.parse(store.getItem(k));
          // What was handed to the browser on leaving a page long ago has
          // arrived, and the server may have forgotten its id.
          if (e.left && Date.now() - e.left > 72e6) store.removeItem(k);
          else list.push(e);
        } catch (err) { store.removeItem(k); }
      }
    }
    return list.sort(function (a, b) { return a.n - b.n; });
  }
  function keep(e) {
    try { store.setItem(prefix + e.event.messageId, JSON.stringify(e)); } catch (err) { /* full */ }
  }

  var count = 0;
  function put(type, fields, more) {
    var e = {
      type: type, messageId: uuid(), anonymousId: anonymous(), timestamp: new Date().toISOString(), context: context(more)
    };
    var user = store.getItem("journey.user");
    if (user) e.userId = user;
    for (var k in fields) if (fields[k] !== undefined) e[k] = fields[k];
    var list = waiting();
    if (list.length >= most) store.removeItem(prefix + list[0].event.messageId);
    keep({ n: Date.now() + count++ / 1000, event: e });
    plan(200);
  }

  function body(list) {
    return JSON.stringify({ writeKey: key, sentAt: new Date().toISOString(), batch: list.map(function (e) { return e.event; }) });
  }
  // some is the first of them that fit in what a page may send while it ends.
  function some(list) {
    var n = 0, size = 0;
    while (n < list.length && n < 50 && (size += JSON.stringify(list[n]).length * 3) < 180000) n++;
    return list.slice(0, Math.max(n, 1));
  }

  function plan(ms) {
    if (sending) return;
    clearTimeout(timer);
    timer = setTimeout(flush, ms);
  }
  function flush() {
    var all = waiting();
    if (sending || !all.length) return;
    var list = some(all);
    sending = true;
    fetch(host + "/v1/batch", { method: "POST", body: body(list), keepalive: list.length < 20, credentials: "omit", headers: { "Content-Type": "text/plain" } })
      .then(function (res) {
        if (res.status === 408 || res.status === 429 || res.status >= 500) throw Number(res.headers.get("Retry-After")) || 0;
        list.forEach(function (e) { store.removeItem(prefix + e.event.messageId); });
        tries = 0;
        sending = false;
        if (all.length > list.length) plan(0);
        else if (waiting().length) plan(200);
      })
      .catch(function (after) {
        sending = false;
        var wait = Math.min(60, Math.pow(2, tries++)) * (0.5 + Math.random() / 2);
        plan(1000 * Math.max(wait, typeof after === "number" ? after : 0));
      });
  }
  // leave hands what waits to the browser, which sends it when the page is
  // gone. It stays here too: nobody says whether it arrived.
  function leave() {
    var list = waiting().filter(function (e) { return !e.left; });
    while (list.length && navigator.sendBeacon) {
      var part = some(list);
      list = list.slice(part.length);
      if (!navigator.sendBeacon(host + "/beacon/v1/batch?writeKey=" + encodeURIComponent(key), body(part))) return;
      part.forEach(function (e) { e.left = Date.now(); keep(e); });
    }
  }

  var api = {
    loaded: true,
    // identify says who it is: identify("ann", {email: …}) or identify({email: …}).
    identify: function (user, traits) {
      if (user && typeof user === "object") { traits = user; user = undefined; }
      if (user !== undefined && user !== null && user !== "") store.setItem("journey.user", String(user));
      put("identify", { traits: traits });
    },
    track: function (name, properties) { put("track", { event: name, properties: properties }); },
    page: function (name, properties) { put("page", { name: name, properties: properties }); },
    group: function (id, traits) { put("group", { groupId: id, traits: traits }); },
    alias: function (user, previous) { put("alias", { userId: user, previousId: previous || anonymous() }); },
    // consent says what was chosen: consent({email: true, sms: false}).
    consent: function (choices) { put("identify", {}, { consent: { categoryPreferences: choices } }); },
    // reset forgets who it is, as on logging out from a shared device.
    reset: function () { store.removeItem("journey.user"); remember(uuid()); },
    flush: function () { plan(0); },
    push: function (call) { api[call[0]].apply(api, [].slice.call(call, 1)); }
  };
  window.journey = api;
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", function () { if (document.visibilityState === "hidden") leave(); });
  addEventListener("online", function () { tries = 0; plan(0); });
  if (script.getAttribute("data-page") !== "off") api.page();
  for (var i = 0; i < early.length; i++) {
    try { api.push(early[i]); } catch (e) { console.error("journey:", early[i], e); }
  }
  plan(200);
})();
