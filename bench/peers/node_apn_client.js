// @parse/node-apn as a client of bench/pushes.py, the way its own page shows. Its modules come by NODE_PATH.
// Takes one argument, the work in JSON, and says JSON when it is done; see push_client.py.
"use strict";

const fs = require("node:fs");
const apn = require("@parse/node-apn");

const work = JSON.parse(process.argv[2]);
const endpoint = new URL(work.endpoint);
const provider = new apn.Provider({
  token: { key: work.key, keyId: work.key_id, teamId: work.team },
  ca: fs.readFileSync(work.ca),
  production: true,
  requestTimeout: 20000,
  address: endpoint.hostname,
  port: Number(endpoint.port),
});
let number = 0;
let delivered = 0;
const reasons = new Set();

async function send(which) {
  const note = new apn.Notification();
  note.rawPayload = { ...work.message, ringwake: { ...work.message.ringwake, id: which.toString(16).padStart(32, "0") } };
  note.id = `00000000-0000-8000-8000-${which.toString(16).padStart(12, "0")}`;
  note.topic = work.topic;
  note.pushType = "voip";
  note.priority = 10;
  note.expiry = Math.floor(Date.now() / 1000) + 19;
  const result = await provider.send(note, work.tokens[which % work.tokens.length]);
  delivered += result.sent.length;
  for (const failure of result.failed) {
    reasons.add(String(failure.error || failure.status).slice(0, 80));
  }
}

async function run(count, atOnce) {
  const end = number + count;
  const worker = async () => {
    while (number < end) {
      number += 1;
      await send(number);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function main() {
  await run(work.warm_up, 1);
  delivered = 0;
  const began = process.hrtime.bigint();
  const used = process.cpuUsage();
  await run(work.count, work.at_once);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const { user, system } = process.cpuUsage(used);
  const said = { seconds, cpu: (user + system) / 1e6, delivered, reasons: [...reasons].slice(0, 5) };
  process.stdout.write(`${JSON.stringify(said)}\n`);
  provider.shutdown(() => process.exit(0));
  setTimeout(() => process.exit(0), 1000).unref();
}

main();
