// Runs one of the clients as its documentation says: identify, track, page,
// alias and a batch of five events, for one person.
//
//   node clients.mjs CLIENT HOST KEY USER ANONYMOUS TIME
//
// TIME is when all of it happened, in RFC 3339, for clients that take a time.
import { createRequire } from "node:module";

const [name, host, key, user, anonymous, time] = process.argv.slice(2);
// The folder of the packages is the current one, not that of this file.
const require = createRequire(process.cwd() + "/");
const at = new Date(time);
const when = { timestamp: at };
const orders = [1, 2, 3, 4, 5].map((n) => ({ total: n }));

// Segment's interface, which most of them have.
async function segment(client, done) {
  client.identify({ userId: user, traits: { email: user + "@example.com" }, ...when });
  client.track({ userId: user, event: "Order Completed", properties: { total: 10 }, ...when });
  client.page({ anonymousId: anonymous, name: "Home", properties: { url: "https://shop.example/" }, ...when });
  client.alias({ userId: user, previousId: anonymous, ...when });
  for (const properties of orders) {
    client.track({ userId: user, event: "Order Completed", properties, ...when });
  }
  await done();
}

// flushed waits for a flush that reports to a callback.
const flushed = (client) => new Promise((resolve, reject) => client.flush((err) => (err ? reject(err) : resolve())));

const clients = {
  async "@segment/analytics-node"() {
    const { Analytics } = require("@segment/analytics-node");
    const client = new Analytics({ writeKey: key, host });
    await segment(client, () => client.closeAndFlush({ timeout: 30000 }));
  },
  async "analytics-node"() {
    const Analytics = require("analytics-node");
    const client = new Analytics(key, { host, flushAt: 100 });
    await segment(client, () => flushed(client));
  },
  async "@customerio/cdp-analytics-node"() {
    const { Analytics } = require("@customerio/cdp-analytics-node");
    const client = new Analytics({ writeKey: key, host });
    await segment(client, () => client.closeAndFlush({ timeout: 30000 }));
  },
  async "@rudderstack/rudder-sdk-node"() {
    const module = require("@rudderstack/rudder-sdk-node");
    const client = new (module.default ?? module)(key, { dataPlaneUrl: host, flushAt: 100 });
    delete when.timestamp;
    when.originalTimestamp = at;
    await segment(client, () => flushed(client));
  },
  async "@jitsu/js"() {
    const { jitsuAnalytics } = require("@jitsu/js");
    // It sends each event once: who wants it repeated does so in its fetch.
    const patient = async (url, init) => {
      for (let n = 0; ; n++) {
        const res = await fetch(url, init);
        if (res.status !== 503 || n === 5) return res;
      }
    };
    const client = jitsuAnalytics({ host, writeKey: "id:" + key, s2s: true, fetch: patient });
    await client.page({ name: "Home", url: "https://shop.example/" }, { anonymousId: anonymous });
    await client.identify(user, { email: user + "@example.com" }, { anonymousId: anonymous });
    for (const properties of [{ total: 10 }, ...orders]) {
      await client.track("Order Completed", properties, { userId: user, anonymousId: anonymous });
    }
  },
  async "posthog-node"() {
    const { PostHog } = require("posthog-node");
    const client = new PostHog(key, { host, fetchRetryDelay: 50, flushAt: 100 });
    client.identify({ distinctId: user, properties: { email: user + "@example.com" } });
    client.capture({ distinctId: user, event: "Order Completed", properties: { total: 10 }, ...when });
    client.capture({
      distinctId: user, event: "$pageview", ...when,
      properties: { $current_url: "https://shop.example/", title: "Home" },
    });
    client.alias({ distinctId: user, alias: anonymous });
    for (const properties of orders) {
      client.capture({ distinctId: user, event: "Order Completed", properties, ...when });
    }
    const flags = await client.getAllFlags(user);
    if (Object.keys(flags).length > 0) throw new Error("flags");
    await client.shutdown();
  },
};

await clients[name]();
