// The server of web-push-testing, whole, behind TLS: by itself it speaks plain HTTP, on all addresses.
// Takes {certificate, host}, certificate and key in one file; says {url}, and runs until its input ends.
"use strict";

const fs = require("node:fs");
const https = require("node:https");
const { PushApiModel } = require("web-push-testing/src/PushApiModel");
const WebPushTestingServer = require("web-push-testing/src/server");

const { certificate, host } = JSON.parse(process.argv[2]);
const model = new PushApiModel();
const server = new WebPushTestingServer(model, 0);
server.setRequestHandlers();
const pem = fs.readFileSync(certificate);
const listener = https.createServer({ cert: pem, key: pem }, server._app).listen(0, host, () => {
  const url = `https://${host}:${listener.address().port}`;
  model.notifyUrl = `${url}/notify/`;
  process.stdout.write(`${JSON.stringify({ url })}\n`);
});
process.stdin.resume().on("end", () => process.exit(0));
