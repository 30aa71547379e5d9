// @parse/node-apn sends what it is told. Its modules come by NODE_PATH, its trust by `ca`.
// Takes {endpoint, ca, key, keyId, team, pushes: [{token, topic, pushType, priority, ...}]}; says [{status, ...}].
"use strict";

const fs = require("node:fs");
const apn = require("@parse/node-apn");

const work = JSON.parse(process.argv[2]);
const endpoint = new URL(work.endpoint);
const provider = new apn.Provider({
  token: { key: work.key, keyId: work.keyId, teamId: work.team },
  ca: fs.readFileSync(work.ca),
  address: endpoint.hostname,
  port: Number(endpoint.port),
});

async function send({ token, ...fields }) {
  const { sent, failed } = await provider.send(Object.assign(new apn.Notification(), fields), token);
  if (sent.length) return { status: 200 };
  const [{ status, response, error }] = failed;
  return { status: status ?? 0, ...(response ?? { error: String(error) }) };
}

async function main() {
  // The first alone: Apple allows one stream until it has seen a good token, and node-apn gives up a refused one.
  const [first, ...others] = work.pushes;
  const said = [await send(first), ...(await Promise.all(others.map(send)))];
  process.stdout.write(JSON.stringify(said), () => process.exit(0));
}

main();
