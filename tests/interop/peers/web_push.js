// web-push sends what it is told. Its modules come by NODE_PATH, its trust by NODE_EXTRA_CA_CERTS.
// Takes {pushes: [{subscription, payload, options}]}; says [{status, body}].
"use strict";

const webpush = require("web-push");

async function send({ subscription, payload, options }) {
  try {
    const answer = await webpush.sendNotification(subscription, payload, options);
    return { status: answer.statusCode, body: answer.body };
  } catch (error) {
    return { status: error.statusCode ?? 0, body: error.body ?? String(error) };
  }
}

async function main() {
  const said = await Promise.all(JSON.parse(process.argv[2]).pushes.map(send));
  process.stdout.write(JSON.stringify(said), () => process.exit(0));
}

main();
